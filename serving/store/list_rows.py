"""Contact lists in the store: written once with their members, read back, checked."""

import hashlib
import hmac
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import Connection, and_, exists, func, insert, select, union_all, update

from retention.lists.frozen import MARK, WHOLE_FORMAT, canonical_head, digest_of
from serving.store.batch import utc_text
from serving.store.bulk import write_rows
from serving.store.hashing import framed, keyed
from serving.store.insert_new import insert_new
from serving.store.list_tables import (
    contacts,
    list_members,
    list_outcomes,
    list_readouts,
    lists,
)

NUMBERS = (
    "return_probability",
    "expected_spend",
    "contact_cost",
    "expected_outlay",
    "expected_profit",
    "break_even_save_rate",
)
MEMBER_COLUMNS = (
    "list_id", "rank", "customer_id", "customer_hash", "arm", "stratum", *NUMBERS,
)  # fmt: skip
IDENTITY = ("rank", "customer_id", "customer_hash", "arm", "stratum")
JSON = ("terms", "counts", "gain", "holdout", "sensitivity")
# Columns of the head that are hashed beside the terms, and those that the terms hold as well.
HASHED_HEAD = (
    "batch_id", "as_of", "model_version", "begins_on", "readout_on", "counts", "outlay", "gain",
    "holdout", "sensitivity",
)  # fmt: skip
IN_BOTH = ("batch_id", "model_version", "begins_on", "readout_on")
AT_ONCE = 20_000
# Stratum of those drawn outside the list; the list's own are 0 to 9.
OUTSIDE = 10

Head = dict[str, Any]


def member_hashes(secret: bytes, ids: Iterable[str]) -> list[str]:
    """What is kept of members who are erased: `keyed(secret, "customer", id)`, many at once."""
    start = hmac.new(secret, framed("customer"), hashlib.sha256)
    found = []
    for each in ids:
        one = start.copy()
        one.update(framed(each))
        found.append(one.hexdigest())
    return found


def seal_of(secret: bytes, head: Head, hashes: list[str], arms: Any, strata: Any) -> str:
    """Hash over a list and its members in the order of rank that outlives an erasure."""
    rows = zip(hashes, arms, strata, strict=True)
    lines = "\n".join(f"{known} {arm} {stratum}" for known, arm, stratum in rows)
    whole = [head_line(head)] if _told(head) is not None else []
    return keyed(secret, "list", str(head["list_id"]), *whole, lines)


def head_line(head: Head) -> str:
    """The part of what is hashed of a list that is not its members."""
    return canonical_head(head["list_id"], head["terms"], head["members"], _told(head))


def _told(head: Head) -> dict[str, Any] | None:
    """What of the head is hashed beside its terms; None of a list of before that was so."""
    if head["terms"].get(MARK) != WHOLE_FORMAT:
        return None
    return {name: head[name] for name in HASHED_HEAD}


def newest_number(connection: Connection) -> int:
    """Number of the list made last; 0 without one."""
    return int(connection.scalar(select(func.max(lists.c.number))) or 0)


def sealed(
    secret: bytes, head: Mapping[str, Any], members: pd.DataFrame, *, who: str, now: datetime
) -> Head:
    """The head of a list with all that `write_list` needs.

    Parameters
    ----------
    head : columns of the table but `created_at`, `created_by`, `members`, `digest`, `seal`; those
        of `JSON` as plain values
    members : DataFrame with `customer_id`, `arm`, `stratum` in the order of `rank`
    """
    hashes = member_hashes(secret, members["customer_id"].tolist())
    arms, strata = members["arm"].tolist(), members["stratum"].tolist()
    # As the store gives them back.
    kept = {name: orjson.loads(orjson.dumps(head[name])) for name in JSON}
    made = {**head, **kept, "members": len(members)}
    return {
        **made,
        "created_at": utc_text(now),
        "created_by": who,
        "digest": digest_of(str(head["list_id"]), made["terms"], members, _told(made)),
        "seal": seal_of(secret, made, hashes, arms, strata),
    }


def write_list(connection: Connection, head: Head, members: pd.DataFrame) -> None:
    """Write a list in a transaction that writes.

    Parameters
    ----------
    head : as `sealed` gives it
    members : DataFrame with `rank`, `customer_id`, `arm`, `stratum` and `NUMBERS`
    """
    texts = {name: orjson.dumps(head[name]).decode() for name in JSON}
    connection.execute(insert(lists).values(**{**head, **texts}))
    list_id = str(head["list_id"])
    write_rows(connection, list_members, MEMBER_COLUMNS, _values(list_id, members))


def _values(list_id: str, members: pd.DataFrame) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, len(members), AT_ONCE):
        part = members.iloc[start : start + AT_ONCE]
        numbers = [
            [v if math.isfinite(v) else None for v in part[name].tolist()] for name in NUMBERS
        ]
        size = len(part)
        columns = [
            [list_id] * size,
            part["rank"].tolist(),
            part["customer_id"].tolist(),
            [None] * size,
            part["arm"].tolist(),
            part["stratum"].tolist(),
            *numbers,
        ]
        yield list(zip(*columns, strict=True))


def find_list(connection: Connection, list_id: str) -> Head | None:
    """Return the head of a list as it was written, or None."""
    if "\x00" in list_id:
        return None
    query = select(lists).where(lists.c.list_id == list_id)
    found = connection.execute(query).mappings().first()
    return None if found is None else _head(found)


def every_list(
    connection: Connection, *, before: int | None = None, limit: int | None = None
) -> list[Head]:
    """Return the heads of lists, the newest first.

    Parameters
    ----------
    before : number of a list; only those made before it
    limit : at most so many
    """
    query = select(lists).order_by(lists.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(lists.c.number < before)
    return [_head(each) for each in connection.execute(query).mappings()]


def list_names(connection: Connection) -> set[str]:
    """Return the names of all lists."""
    return set(connection.scalars(select(lists.c.list_id)))


def erased_members(connection: Connection, list_id: str) -> dict[str, int]:
    """Return how many members of each arm were erased since."""
    mine = and_(list_members.c.list_id == list_id, list_members.c.customer_id.is_(None))
    query = select(list_members.c.arm, func.count()).where(mine).group_by(list_members.c.arm)
    return {str(arm): int(count) for arm, count in connection.execute(query)}


def live_members(connection: Connection) -> dict[str, int]:
    """Return how many members of each list were not erased; an empty list is not in it."""
    there = list_members.c.customer_id.is_not(None)
    query = select(list_members.c.list_id, func.count()).where(there)
    found = connection.execute(query.group_by(list_members.c.list_id))
    return {str(list_id): int(count) for list_id, count in found}


def read_members(
    connection: Connection, list_id: str, columns: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Return all members of a list in the order of rank, the erased with a null `customer_id`."""
    names = columns or MEMBER_COLUMNS
    query = select(*(list_members.c[name] for name in names))
    query = query.where(list_members.c.list_id == list_id).order_by(list_members.c.rank)
    result = connection.execute(query)
    parts: list[list[Any]] = [[] for _ in names]
    for rows in result.partitions(AT_ONCE):
        for part, values in zip(parts, zip(*rows, strict=True), strict=True):
            part.extend(values)
    made = {name: _typed(name, part) for name, part in zip(names, parts, strict=True)}
    return pd.DataFrame(made)


def page_of_members(
    connection: Connection, list_id: str, *, after: int, limit: int, arm: str | None
) -> list[dict[str, Any]]:
    """Return members behind a rank, without the erased."""
    mine = and_(
        list_members.c.list_id == list_id,
        list_members.c.rank > after,
        list_members.c.customer_id.is_not(None),
    )
    names = ("customer_id", "rank", "arm", "stratum", *NUMBERS)
    query = select(*(list_members.c[name] for name in names)).where(mine)
    if arm is not None:
        query = query.where(list_members.c.arm == arm)
    found = connection.execute(query.order_by(list_members.c.rank).limit(limit)).mappings()
    return [{str(name): value for name, value in row.items()} for row in found]


def is_whole(secret: bytes, head: Head, members: pd.DataFrame) -> bool:
    """Tell whether a list is what was written.

    Parameters
    ----------
    members : as `read_members` gives them
    """
    terms = head["terms"]
    # Dates stand in the head for the sake of queries; of old lists only the terms are hashed.
    if len(members) != head["members"] or any(head[n] != terms[n] for n in IN_BOTH if n in terms):
        return False
    gone = members["customer_id"].isna()
    if not gone.any():
        found = digest_of(head["list_id"], terms, members, _told(head))
        return found == str(head["digest"])
    ids, known = members["customer_id"].tolist(), members["customer_hash"].tolist()
    fresh = iter(member_hashes(secret, (each for each in ids if each is not None)))
    hashes = [
        kept if customer_id is None else next(fresh)
        for customer_id, kept in zip(ids, known, strict=True)
    ]
    arms, strata = members["arm"].tolist(), members["stratum"].tolist()
    return seal_of(secret, head, hashes, arms, strata) == str(head["seal"])


def count_members(connection: Connection, list_id: str, arm: str | None) -> int:
    """Return how many members were not erased, of one arm if it is named."""
    query = select(func.count()).select_from(list_members)
    query = query.where(list_members.c.list_id == list_id, list_members.c.customer_id.is_not(None))
    if arm is not None:
        query = query.where(list_members.c.arm == arm)
    return int(connection.scalar(query) or 0)


def lists_that_meet(connection: Connection, begins_on: str, readout_on: str) -> list[str]:
    """Return the lists whose days meet these; a list lasts until its readout, exclusive."""
    query = select(lists.c.list_id).where(
        lists.c.begins_on < readout_on, lists.c.readout_on > begins_on
    )
    return list(connection.scalars(query))


def lists_begun(connection: Connection, since: str, until: str) -> dict[str, str]:
    """Return the first day of each list that begins from one day to another, both inclusive."""
    query = select(lists.c.list_id, lists.c.begins_on).where(
        lists.c.begins_on >= since, lists.c.begins_on <= until
    )
    return {str(list_id): str(day) for list_id, day in connection.execute(query)}


def arm_of(connection: Connection, list_id: str, arm: str) -> list[str]:
    """Return the ids of the members of one arm, without the erased."""
    query = select(list_members.c.customer_id).where(
        list_members.c.list_id == list_id,
        list_members.c.arm == arm,
        list_members.c.customer_id.is_not(None),
    )
    return list(connection.scalars(query))


def forget_member(connection: Connection, secret: bytes, customer_id: str) -> int:
    """Take an erased customer's id and numbers off all lists; arm and stratum stay."""
    mine = list_members.c.customer_id == customer_id
    empty: dict[str, Any] = dict.fromkeys(NUMBERS)
    values = {"customer_id": None, "customer_hash": keyed(secret, "customer", customer_id), **empty}
    return connection.execute(update(list_members).where(mine).values(**values)).rowcount


def keep_readout(
    connection: Connection, list_id: str, content: Mapping[str, Any], now: datetime
) -> bool:
    """Keep the first final readout of a list; True where it was written.

    One that is kept gives way only after something was imported for the list, see
    `standing_readouts`. Of several who write at once the first one's stands.
    """
    if list_id not in standing_readouts(connection, [list_id]):
        # Who deletes nothing because another is quicker inserts nothing either.
        outdated = list_readouts.c.made_at <= utc_text(now)
        mine = and_(list_readouts.c.list_id == list_id, outdated)
        connection.execute(list_readouts.delete().where(mine))
    text = orjson.dumps(dict(content)).decode()
    row = {"list_id": list_id, "made_at": utc_text(now), "content": text}
    return insert_new(connection, list_readouts, row)


def standing_readouts(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the final readouts kept of some lists, without those that an import outdates."""
    told = union_all(
        *(select(table.c.list_id, table.c.recorded_at) for table in (list_outcomes, contacts))
    ).subquery()
    since = exists().where(
        told.c.list_id == list_readouts.c.list_id, told.c.recorded_at >= list_readouts.c.made_at
    )
    query = select(list_readouts.c.list_id, list_readouts.c.content)
    found = connection.execute(query.where(list_readouts.c.list_id.in_(names), ~since))
    return {list_id: orjson.loads(text) for list_id, text in found}


def kept_readouts(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the final readouts kept, by list, the latest list's last."""
    query = (
        select(list_readouts.c.list_id, list_readouts.c.content)
        .join(lists, lists.c.list_id == list_readouts.c.list_id)
        .order_by(lists.c.readout_on, lists.c.number)
    )
    return {list_id: orjson.loads(text) for list_id, text in connection.execute(query)}


def lists_of(connection: Connection, customer_id: str) -> list[dict[str, Any]]:
    """Return the lists that a customer is a member of, the newest first."""
    if "\x00" in customer_id:
        return []
    query = (
        select(
            lists.c.list_id,
            lists.c.begins_on,
            lists.c.readout_on,
            list_members.c.arm,
        )
        .join(lists, lists.c.list_id == list_members.c.list_id)
        .where(list_members.c.customer_id == customer_id)
        .order_by(lists.c.number.desc())
    )
    found = connection.execute(query).mappings()
    return [{str(name): value for name, value in row.items()} for row in found]


def _head(record: Any) -> Head:
    head = {str(name): value for name, value in record.items()}
    return {**head, **{name: orjson.loads(head[name]) for name in JSON}}


def _typed(name: str, values: list[Any]) -> Any:
    if name in NUMBERS:
        return np.asarray(values, dtype=float)
    if name in ("rank", "stratum"):
        return np.asarray(values, dtype=np.int64)
    return pd.Series(values, dtype=object)
