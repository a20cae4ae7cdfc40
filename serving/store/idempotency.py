"""Writes that may be sent twice and are done once: the header `Idempotency-Key`.

The key, hashed with the token and the route, is written in the transaction of the effect. Whoever
sends it again gets the stored answer; with another body it is refused. Keys are kept two days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select, update

from serving.errors import KeyReused
from serving.store.batch import utc_text
from serving.store.database import Database
from serving.store.hashing import keyed
from serving.store.insert_new import insert_new
from serving.store.write_tables import idempotency

KEPT = timedelta(hours=48)


@dataclass(frozen=True)
class Written:
    """Answer to a write: an HTTP status and what the body says."""

    status: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Key:
    """A key as it was sent.

    Parameters
    ----------
    text : content of the header
    who : prefix of the token
    route : method and path
    body : the body's meaning: equal for bodies that ask for the same
    """

    text: str
    who: str
    route: str
    body: bytes


def once(
    database: Database, key: Key | None, effect: Callable[[Connection], Written], *, now: datetime
) -> Written:
    """Do a write in one transaction and return its answer; without a key, each time.

    An error raised by `effect` undoes all, the key too, so that the same call may be tried again.

    Raises
    ------
    KeyReused
        If the key came before with another body.
    """
    with database.write() as connection:
        if key is None:
            return effect(connection)
        key_hash = keyed(database.secret, "key", key.who, key.route, key.text)
        body_hash = keyed(database.secret, "body", key.body)
        if not _claimed(connection, key_hash, body_hash, now):
            return _answered(connection, key_hash, body_hash)
        written = effect(connection)
        answer = orjson.dumps(written.content).decode()
        this = idempotency.c.key_hash == key_hash
        values = {"status": written.status, "answer": answer}
        connection.execute(update(idempotency).where(this).values(**values))
        old = idempotency.c.created_at < utc_text(now - KEPT)
        connection.execute(delete(idempotency).where(old))
        return written


def answer_before(database: Database, key: Key | None) -> Written | None:
    """The answer that a key got before; None for a new key, or without one.

    For writes that read much before they write: what they would read now may refuse what was done.

    Raises
    ------
    KeyReused
        If the key came before with another body.
    """
    if key is None:
        return None
    key_hash = keyed(database.secret, "key", key.who, key.route, key.text)
    with database.read() as connection:
        known = select(idempotency.c.key_hash).where(idempotency.c.key_hash == key_hash)
        if connection.scalar(known) is None:
            return None
        return _answered(connection, key_hash, keyed(database.secret, "body", key.body))


def _claimed(connection: Connection, key_hash: str, body_hash: str, now: datetime) -> bool:
    """Write the key if it is new; on PostgreSQL this waits for another who is at it."""
    row = {"key_hash": key_hash, "body_hash": body_hash, "created_at": utc_text(now)}
    return insert_new(connection, idempotency, {**row, "status": 0, "answer": "{}"})


def _answered(connection: Connection, key_hash: str, body_hash: str) -> Written:
    query = select(idempotency).where(idempotency.c.key_hash == key_hash)
    found = connection.execute(query).mappings().one()
    if found["body_hash"] != body_hash:
        raise KeyReused(
            "this Idempotency-Key came before with another body; send a new key for a new request"
        )
    return Written(found["status"], orjson.loads(found["answer"]))
