import json
import socket

import pytest

from serving import commands
from serving.errors import ServeError, StoreDown, TokenError
from serving.web.front import bind
from tests.serving.made import LIST, READ, made_settings


@pytest.fixture
def settings(tmp_path):
    return made_settings(tmp_path)


def create(settings, *scopes, **options):
    given = {"name": None, "days": None, "as_json": True, **options}
    commands.token_create(settings, scopes=list(scopes), **given)


def test_a_token_is_printed_as_one_document(settings, capsys):
    create(settings, READ, LIST, name="crm", days=30)
    made = json.loads(capsys.readouterr().out)
    assert made["token"].startswith(f"pk_{made['prefix']}_")
    assert made["scopes"] == [READ, LIST]


def test_for_people_the_token_alone_is_on_stdout(settings, capsys):
    create(settings, READ, as_json=False)
    printed = capsys.readouterr()
    assert printed.out.startswith("pk_")
    assert len(printed.out.splitlines()) == 1
    assert "shown only now" in printed.err


def test_the_list_shows_no_secret_and_revoking_shows_there(settings, capsys):
    create(settings, READ)
    made = json.loads(capsys.readouterr().out)
    commands.token_revoke(settings, prefix=made["prefix"], as_json=True)
    assert json.loads(capsys.readouterr().out)["status"] == "revoked"
    commands.token_list(settings, as_json=True)
    printed = capsys.readouterr().out
    assert json.loads(printed)["tokens"][0]["status"] == "revoked"
    assert made["token"] not in printed
    commands.token_list(settings, as_json=False)
    assert made["prefix"] in capsys.readouterr().out


def test_an_unknown_scope_prints_nothing(settings, capsys):
    with pytest.raises(TokenError, match="unknown scope") as caught:
        create(settings, "everything")
    assert caught.value.exit_code == 2
    assert capsys.readouterr().out == ""


def test_a_port_in_use_is_told_before_anything_is_loaded(settings, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port} on 127.0.0.1 is in use") as caught:
            commands.serve(settings, config_path=tmp_path / "shop.yaml", host=None, port=port)
    assert caught.value.exit_code == 1
    assert not settings.var.exists()


def test_a_port_is_taken_from_the_moment_it_is_bound():
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ServeError, match="in use"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_a_host_that_is_not_this_machine_is_named(host):
    with pytest.raises(ServeError, match=host):
        bind(host, 0)


def test_a_store_that_cannot_be_opened_stops_serve(settings, tmp_path):
    settings.var.mkdir()
    (settings.var / "scores.db").write_bytes(b"no database at all" * 99)
    with pytest.raises(StoreDown, match="does not answer"):
        commands.serve(settings, config_path=tmp_path / "shop.yaml", host=None, port=None)
