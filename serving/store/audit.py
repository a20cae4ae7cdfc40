"""Who exported, erased or changed a token, when, and how many customers it was about.

Each entry's hash covers the one before it, keyed by the store's secret; the last hash stands in
`store_info` too. So an entry that is changed, cut out, cut off at the end or moved is found.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select, update

from serving.store.batch import utc_text
from serving.store.hashing import keyed
from serving.store.tables import store_info
from serving.store.write_tables import audit

START = "0" * 64


def record(
    connection: Connection,
    secret: bytes,
    *,
    at: datetime,
    who: str,
    what: str,
    count: int,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the transaction of what it tells; `details` hold no customer's id."""
    # The row is locked, so that two entries never follow the same one.
    end = connection.scalar(select(store_info.c.audit_hash).with_for_update()) or START
    number = int(connection.scalar(select(func.max(audit.c.number))) or 0) + 1
    entry = {
        "number": number,
        "at": utc_text(at),
        "who": who,
        "what": what,
        "count": count,
        "details": orjson.dumps(dict(details or {}), option=orjson.OPT_SORT_KEYS).decode(),
    }
    chained = _chained(secret, end, entry)
    connection.execute(insert(audit).values(**entry, hash=chained))
    connection.execute(update(store_info).values(audit_hash=chained))


def fault(connection: Connection, secret: bytes) -> str:
    """Return one sentence on the first entry that was tampered with; empty if all is well."""
    end = START
    entries = connection.execute(select(audit).order_by(audit.c.number)).mappings()
    for number, found in enumerate(entries, start=1):
        entry = {str(name): found[name] for name in found if name != "hash"}
        if entry["number"] != number:
            return f"entry {number} of the audit trail is missing"
        end = _chained(secret, end, entry)
        if found["hash"] != end:
            return f"entry {number} of the audit trail is not what was written"
    if end != (connection.scalar(select(store_info.c.audit_hash)) or START):
        return "entries at the end of the audit trail are missing"
    return ""


def _chained(secret: bytes, before: str, entry: Mapping[str, Any]) -> str:
    return keyed(secret, before, orjson.dumps(entry, option=orjson.OPT_SORT_KEYS))
