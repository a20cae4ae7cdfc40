from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from serving.errors import TokenError
from serving.store.tokens import Tokens
from tests.serving.made import LIST, NOW, READ


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tokens(store, clock):
    return Tokens(store.database, clock)


def test_a_token_has_256_random_bits_behind_its_prefix(tokens):
    text, info = tokens.create([READ])
    kind, prefix, secret = text.split("_", 2)
    assert (kind, prefix) == ("pk", info.prefix)
    assert len(secret) == 43  # 32 bytes in base64
    assert tokens.create([READ])[0] != text


def test_a_token_is_known_by_its_text(tokens):
    text, info = tokens.create([READ, LIST, READ], name="crm")
    principal = tokens.check(text)
    assert principal.prefix == info.prefix
    assert principal.scopes == (READ, LIST)


@pytest.mark.parametrize("change", ["x", "", "\x00", "\udc80"])
def test_a_changed_token_is_nobodys(tokens, change):
    text, info = tokens.create([READ])
    assert tokens.check(text[:-1] + change) is None
    assert tokens.check(f"pk_{info.prefix}_{change}") is None
    assert tokens.check(change) is None
    assert tokens.check(text.replace("pk_", "sk_", 1)) is None


def test_a_token_ends_on_its_day(tokens, clock):
    text, info = tokens.create([READ], days=3)
    assert info.expires_at == "2024-07-04T06:00:00Z"
    clock.now = NOW + timedelta(days=3) - timedelta(seconds=1)
    assert tokens.check(text)
    clock.now = NOW + timedelta(days=3)
    assert tokens.check(text) is None
    assert tokens.list()[0].status == "expired"


def test_a_revoked_token_and_its_sessions_end_at_once(tokens):
    text, info = tokens.create([READ])
    secret, _ = tokens.create_session(text)
    assert tokens.check_session(secret).prefix == info.prefix
    assert tokens.revoke(info.prefix).status == "revoked"
    assert tokens.check(text) is None
    assert tokens.check_session(secret) is None
    assert tokens.create_session(text) is None


def test_a_session_lasts_twelve_hours_or_as_long_as_its_token(tokens, clock):
    text, _ = tokens.create([READ])
    secret, ends = tokens.create_session(text)
    assert ends == NOW + timedelta(hours=12)
    clock.now = ends
    assert tokens.check_session(secret) is None
    short, _ = tokens.create([READ], days=1)
    clock.now = NOW + timedelta(hours=30)
    secret, _ = tokens.create_session(short)
    clock.now = NOW + timedelta(hours=37)
    assert tokens.check_session(secret) is None


def test_a_session_ends_when_signed_out(tokens):
    text, _ = tokens.create([READ])
    secret, _ = tokens.create_session(text)
    other, _ = tokens.create_session(text)
    tokens.end_session(secret)
    assert tokens.check_session(secret) is None
    assert tokens.check_session(other)


def test_no_secret_is_in_the_database_files(sqlite_store, clock):
    tokens = Tokens(sqlite_store.database, clock)
    text, _ = tokens.create([READ], name="findable")
    session = tokens.create_session(text)
    assert session is not None
    secret, _ = session
    folder = Path(make_url(sqlite_store.database.label).database or "").parent
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"findable" in stored
    assert text.split("_", 2)[2].encode() not in stored
    assert secret.encode() not in stored


def test_an_unknown_scope_is_refused_with_the_list(tokens):
    with pytest.raises(TokenError, match="unknown scope 'read'; the scopes are read:scores, list"):
        tokens.create(["read"])
    with pytest.raises(TokenError, match="at least one scope"):
        tokens.create([])
    assert tokens.list() == []


@pytest.mark.parametrize("days", [0, -1, 4000])
def test_a_validity_out_of_range_is_refused(tokens, days):
    with pytest.raises(TokenError, match="1 to 3650 days"):
        tokens.create([READ], days=days)


def test_revoking_what_does_not_exist_says_so(tokens):
    with pytest.raises(TokenError, match="no token has the prefix 'abc'"):
        tokens.revoke("abc")
