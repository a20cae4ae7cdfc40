"""Bearer tokens and dashboard sessions: shown once, kept as SHA-256 only.

A token reads `pk_<prefix>_<secret>`: the prefix names it in lists and logs, the secret has 256
random bits. A session is a random 256-bit text in a cookie, good for 12 hours and no longer than
the token that opened it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from serving.errors import TokenError
from serving.store.batch import utc_moment, utc_text
from serving.store.database import Database
from serving.store.scopes import checked
from serving.store.tables import sessions, tokens

SESSION_COOKIE = "perennial_session"
SESSION_HOURS = 12
DEFAULT_DAYS = 365
MAX_DAYS = 3650


@dataclass(frozen=True)
class Principal:
    """Who asks: the prefix of the token, and what it allows."""

    prefix: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class TokenInfo:
    """What may be told about a token after it was shown."""

    prefix: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str
    status: str


class Tokens:
    """Tokens and sessions in the store's database.

    Parameters
    ----------
    database : the store's, `ScoreStore.database`
    clock : gives the present moment, with a time zone
    """

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.clock = clock

    def create(
        self, scopes: Iterable[str], *, name: str | None = None, days: int | None = None
    ) -> tuple[str, TokenInfo]:
        """Make a token; return its text, which is kept nowhere, and what is known of it.

        Raises
        ------
        TokenError
            If a scope is unknown or `days` is not 1 to 3650.
        """
        allowed = checked(scopes)
        valid = DEFAULT_DAYS if days is None else days
        if not 1 <= valid <= MAX_DAYS:
            raise TokenError(f"a token is valid for 1 to {MAX_DAYS} days, got {valid}")
        prefix = base64.b32encode(secrets.token_bytes(5)).decode().lower()
        text = f"pk_{prefix}_{secrets.token_urlsafe(32)}"
        now = self.clock()
        row = {
            "prefix": prefix,
            "digest": _digest(text),
            "name": name or "",
            "scopes": " ".join(allowed),
            "created_at": utc_text(now),
            "expires_at": utc_text(now + timedelta(days=valid)),
            "revoked": False,
        }
        with self.database.write() as connection:
            connection.execute(insert(tokens).values(**row))
        return text, self._info(row)

    def check(self, text: str) -> Principal | None:
        """Return whose token this is; None if it is unknown, expired or revoked."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != "pk" or "\x00" in text:
            return None
        with self.database.read() as connection:
            row = _row(connection, parts[1])
        # Compared even without a row, so that the time taken does not tell which prefixes exist.
        same = hmac.compare_digest(row["digest"] if row else _digest(""), _digest(text))
        if row is None or not same:
            return None
        return self._principal(row)

    def list(self) -> list[TokenInfo]:
        """Return every token there is, oldest first."""
        query = select(tokens).order_by(tokens.c.created_at, tokens.c.prefix)
        with self.database.read() as connection:
            return [self._info(dict(row)) for row in connection.execute(query).mappings()]

    def revoke(self, prefix: str) -> TokenInfo:
        """End a token and its sessions.

        Raises
        ------
        TokenError
            If no token has this prefix.
        """
        with self.database.write() as connection:
            this = tokens.c.prefix == prefix
            connection.execute(update(tokens).where(this).values(revoked=True))
            connection.execute(delete(sessions).where(sessions.c.token_prefix == prefix))
            row = _row(connection, prefix)
        if row is None:
            raise TokenError(f"no token has the prefix {prefix!r}; `token list` shows them all")
        return self._info(row)

    def create_session(self, token_text: str) -> tuple[str, datetime] | None:
        """Open a session for a valid token: the cookie's secret and its end; None if invalid."""
        principal = self.check(token_text)
        if principal is None:
            return None
        secret = secrets.token_urlsafe(32)
        now = self.clock()
        ends = now + timedelta(hours=SESSION_HOURS)
        row = {
            "digest": _digest(secret),
            "token_prefix": principal.prefix,
            "expires_at": utc_text(ends),
        }
        with self.database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= utc_text(now)))
            connection.execute(insert(sessions).values(**row))
        return secret, ends

    def check_session(self, secret: str) -> Principal | None:
        """Return whose session this is; None if it or its token has ended."""
        query = select(sessions).where(sessions.c.digest == _digest(secret))
        with self.database.read() as connection:
            session = connection.execute(query).mappings().first()
            if session is None or utc_moment(session["expires_at"]) <= self.clock():
                return None
            row = _row(connection, session["token_prefix"])
        return None if row is None else self._principal(row)

    def end_session(self, secret: str) -> None:
        """Forget a session."""
        with self.database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == _digest(secret)))

    def _principal(self, row: dict[str, Any]) -> Principal | None:
        if self._info(row).status != "valid":
            return None
        return Principal(row["prefix"], tuple(row["scopes"].split()))

    def _info(self, row: dict[str, Any]) -> TokenInfo:
        status = "valid"
        if utc_moment(row["expires_at"]) <= self.clock():
            status = "expired"
        if row["revoked"]:
            status = "revoked"
        return TokenInfo(
            prefix=row["prefix"],
            name=row["name"],
            scopes=tuple(row["scopes"].split()),
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            status=status,
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _row(connection: Connection, prefix: str) -> dict[str, Any] | None:
    query = select(tokens).where(tokens.c.prefix == prefix)
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)
