"""A write with a key is done once, whoever sends it how often."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from serving.errors import KeyReused
from serving.store.audit import record
from serving.store.idempotency import Key, Written, once
from serving.store.write_tables import audit, idempotency
from tests.serving.made import NOW

KEY = Key("order-66", "abc", "POST /v1/exports", b"{}")


def write(store, key, answer="done", now=NOW):
    """Write an entry of the audit trail; its number is part of the answer."""

    def effect(connection):
        record(connection, store.database.secret, at=now, who="abc", what="test", count=1)
        number = connection.scalar(select(func.count()).select_from(audit))
        return Written(201, {"answer": answer, "number": number})

    return once(store.database, key, effect, now=now)


def count(store, table):
    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_r36_the_same_key_and_body_get_the_same_answer_and_one_effect(store):
    first = write(store, KEY)
    assert first == Written(201, {"answer": "done", "number": 1})
    assert write(store, KEY, answer="another") == first
    assert count(store, audit) == 1


def test_r36_the_same_key_with_another_body_is_refused(store):
    write(store, KEY)
    with pytest.raises(KeyReused, match="another body"):
        write(store, replace(KEY, body=b'{"a":1}'))
    assert count(store, audit) == 1


@pytest.mark.parametrize("other", [{"who": "abd"}, {"route": "POST /v1/erasures"}, {"text": "67"}])
def test_a_key_is_good_for_one_token_and_one_route(store, other):
    write(store, KEY)
    assert write(store, replace(KEY, **other)).content["number"] == 2


def test_without_a_key_each_write_has_its_effect(store):
    assert [write(store, None).content["number"] for _ in range(3)] == [1, 2, 3]
    assert count(store, idempotency) == 0


def test_r36_a_key_is_known_for_24_hours_and_forgotten_later(store):
    write(store, KEY)
    assert write(store, KEY, now=NOW + timedelta(hours=24)).content["number"] == 1
    write(store, replace(KEY, text="other"), now=NOW + timedelta(days=3))
    assert count(store, idempotency) == 1
    assert write(store, KEY, now=NOW + timedelta(days=3)).content["number"] == 3


def test_a_write_that_fails_leaves_its_key_free(store):
    def effect(_connection):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        once(store.database, KEY, effect, now=NOW)
    assert write(store, KEY).content["number"] == 1


def test_r36_a_hundred_at_once_have_one_effect_and_one_answer(store):
    start = threading.Barrier(10)

    def one(_):
        start.wait()
        return write(store, KEY)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(100)))
    assert answers == [answers[0]] * 100
    assert count(store, audit) == 1


def test_the_key_itself_is_not_kept(store):
    write(store, KEY)
    with store.database.read() as connection:
        [row] = connection.execute(select(idempotency)).mappings()
    assert KEY.text not in str(dict(row))
