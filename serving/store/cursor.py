"""Cursors of the customer list: opaque, and good for one batch, sort and filter only."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from serving.errors import CursorError, UnknownCursor
from serving.store.listing import Position


def write_cursor(position: Position, batch_id: str, query: Mapping[str, Any]) -> str:
    """Return the cursor of a position in the answer to `query` from a batch."""
    content = [batch_id, _digest(query), position.value, position.customer_id]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def read_cursor(cursor: str, batch_id: str, query: Mapping[str, Any]) -> Position:
    """Return the position that a cursor stands for.

    Raises
    ------
    CursorError
        If it is malformed, or was given for another batch, sort or filter.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        content = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        its_batch, digest, value, customer_id = content
        is_id = isinstance(customer_id, str) and "\x00" not in customer_id
        if not is_id or not (value is None or _is_number(value)):
            raise ValueError("a value of another kind")
    except (ValueError, TypeError) as error:
        raise UnknownCursor from error
    if its_batch != batch_id:
        raise CursorError(
            "cursor belongs to a batch that is no longer current; "
            "leave it out to start again in the new batch"
        )
    if digest != _digest(query):
        raise CursorError(
            "cursor was given for another sort or other filters; repeat those, "
            "or leave the cursor out to start at the first page"
        )
    return Position(value, customer_id)


def _digest(query: Mapping[str, Any]) -> str:
    content = orjson.dumps(dict(query), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
