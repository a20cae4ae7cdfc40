"""Erase a customer from the store: all rows now, and out of every batch that is published later.

What is kept is a keyed hash of the id, which tells whether an id is erased and never which ids.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import Connection, delete, select, update

from serving.store import audit
from serving.store.batch import utc_text
from serving.store.columns import Columns
from serving.store.hashing import keyed
from serving.store.insert_new import insert_new
from serving.store.list_rows import forget_member
from serving.store.portfolio import portfolio_without
from serving.store.tables import batches, scores
from serving.store.views import forget_customer
from serving.store.write_tables import batch_columns, erasures, every_table

WITHOUT_PARTS = 500


def customer_hash(secret: bytes, customer_id: str) -> str:
    """Return what is kept of an erased customer's id."""
    return keyed(secret, "customer", customer_id)


def erased_of(connection: Connection, secret: bytes, ids: Iterable[str]) -> set[str]:
    """Return those of some ids that are erased."""
    by_hash = {customer_hash(secret, each): each for each in ids}
    hashes, found = list(by_hash), set()
    for start in range(0, len(hashes), WITHOUT_PARTS):
        some = erasures.c.customer_hash.in_(hashes[start : start + WITHOUT_PARTS])
        query = select(erasures.c.customer_hash).where(some)
        found |= {by_hash[each] for each in connection.scalars(query)}
    return found


def without_erased(
    connection: Connection, secret: bytes, frames: Sequence[pd.DataFrame]
) -> list[pd.DataFrame]:
    """Return frames with a column `customer_id` without the rows of erased customers."""
    known = set(connection.scalars(select(erasures.c.customer_hash)))
    if not known:
        return list(frames)
    ids = pd.unique(pd.concat([frame["customer_id"] for frame in frames], ignore_index=True))
    gone = {each for each in ids if customer_hash(secret, str(each)) in known}
    return [frame[~frame["customer_id"].isin(gone)] for frame in frames] if gone else list(frames)


def erase(
    connection: Connection, secret: bytes, customer_id: str, *, who: str, now: datetime
) -> dict[str, Any]:
    """Remove every row of a customer; return the receipt, which does not hold the id.

    Returns
    -------
    dict
        erasure_id : names the erasure in the audit trail; the same when it is asked for again
        erased_at : moment of the first erasure, UTC
        rows : rows removed by this call
    """
    known = customer_hash(secret, customer_id)
    row = {"customer_hash": known, "erasure_id": token_hex(8), "erased_at": utc_text(now)}
    # First, so that a batch published meanwhile is waited for before its rows are removed.
    insert_new(connection, erasures, row)
    wanted = select(erasures.c.erasure_id, erasures.c.erased_at)
    found = connection.execute(wanted.where(erasures.c.customer_hash == known)).mappings().one()
    rows = _remove(connection, secret, customer_id)
    details = {"erasure_id": found["erasure_id"]}
    audit.record(connection, secret, at=now, who=who, what="erasure", count=rows, details=details)
    return {"erasure_id": found["erasure_id"], "erased_at": found["erased_at"], "rows": rows}


def _remove(connection: Connection, secret: bytes, customer_id: str) -> int:
    if "\x00" in customer_id:  # no database holds such an id
        return 0
    forget_customer(connection, customer_id)
    ids = list(connection.scalars(select(batches.c.batch_id)))
    for batch_id in ids:
        if _uncount(connection, batch_id, customer_id):
            _cut_columns(connection, batch_id, customer_id)
    # Counts and shares of a contact list stay: of a member arm and stratum are left, and no id.
    rows = forget_member(connection, secret, customer_id)
    for table in every_table.sorted_tables:
        if "customer_id" not in table.columns:
            continue
        theirs = table.c.customer_id == customer_id
        # By batch where there are batches: the primary key begins with it.
        parts = [table.c.batch_id == each for each in ids] if "batch_id" in table.columns else []
        for part in parts or [theirs]:
            rows += connection.execute(delete(table).where(part, theirs)).rowcount
    return rows


def _cut_columns(connection: Connection, batch_id: str, customer_id: str) -> None:
    """Take a customer out of what lists are made from."""
    this = batch_columns.c.batch_id == batch_id
    content = connection.scalar(select(batch_columns.c.content).where(this))
    if content is not None:
        left = Columns.of_bytes(content).without(customer_id).as_bytes()
        connection.execute(update(batch_columns).where(this).values(content=left))


def _uncount(connection: Connection, batch_id: str, customer_id: str) -> bool:
    """Take a customer out of the head of a batch; False if the batch does not hold one."""
    wanted = (
        scores.c.score_status,
        scores.c.risk_tier,
        scores.c.value_tier,
        scores.c.predicted_clv,
        scores.c.churn_probability,
    )
    here = (scores.c.batch_id == batch_id) & (scores.c.customer_id == customer_id)
    row = connection.execute(select(*wanted).where(here)).mappings().first()
    if row is None:
        return False
    # Read for update: two erasures at once must both be counted.
    this = batches.c.batch_id == batch_id
    columns = (batches.c.portfolio, batches.c.customers, batches.c.erased)
    head = connection.execute(select(*columns).where(this).with_for_update()).mappings().one()
    portfolio = portfolio_without(orjson.loads(head["portfolio"]), dict(row))
    values = {
        "portfolio": orjson.dumps(portfolio).decode(),
        "customers": head["customers"] - 1,
        "erased": (head["erased"] or 0) + 1,
    }
    connection.execute(update(batches).where(this).values(**values))
    return True
