"""Rows of contacts, held against the clock and against the lists that they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from configs.settings import Settings
from features.shop_clock import ShopClock
from serving.lists.counted import counted
from serving.lists.errors import ListRefused
from serving.lists.request import ContactIn
from serving.store.list_events import arms_of
from serving.store.list_rows import Head, find_list

# Rows that are named where several are wrong.
MOST_NAMED = 5
LONGEST_ID = 12

Fault = tuple[str, str]


@dataclass(frozen=True)
class ToldContact:
    """A row as it was sent.

    Parameters
    ----------
    place : among the rows, from 0
    name : `row 3`, or `line 4` of a file
    row : what was sent
    moment : naive local time of the shop, `YYYY-MM-DDTHH:MM:SS`
    """

    place: int
    name: str
    row: ContactIn
    moment: str


def checked_arms(connection: Connection, told: Sequence[ToldContact]) -> dict[int, str]:
    """Arm by place of the rows that belong to a list.

    Raises
    ------
    ListRefused
        If a list is not known, the customer is not on it, or the contact came before its first day.
    """
    arms: dict[int, str] = {}
    faults: dict[int, Fault] = {}
    for list_id in sorted({each.row.list_id for each in told if each.row.list_id}):
        mine = [each for each in told if each.row.list_id == list_id]
        head = find_list(connection, list_id)
        if head is None:
            unknown = "list_id", f"there is no list {list_id!r}"
            faults.update({each.place: unknown for each in mine})
            continue
        of_list = arms_of(connection, list_id, [each.row.customer_id for each in mine])
        for each in mine:
            fault = _fault(each, head, of_list)
            if fault is None:
                arms[each.place] = of_list[each.row.customer_id]
            else:
                faults[each.place] = fault
    if faults:
        raise _refusal(told, faults)
    return arms


def moment_of(row: ContactIn, place: int, name: str, settings: Settings, now: datetime) -> str:
    """The moment as naive local time of the shop, `YYYY-MM-DDTHH:MM:SS`.

    Raises
    ------
    ListRefused
        If it is no moment, or lies ahead.
    """
    where = f"contacts.{place}.contacted_at"
    zone = settings.purchases.timezone
    try:
        moment = datetime.fromisoformat(row.contacted_at)
        if moment.tzinfo is not None:
            moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ListRefused(
            f"{name}: contacted_at {row.contacted_at!r} is no moment; write it as "
            "2026-11-20 or 2026-11-20T09:30:00",
            where,
        ) from None
    if moment > ShopClock(zone, settings.purchases.day_starts_at).latest(now):
        raise ListRefused(
            f"{name}: contacted_at {row.contacted_at!r} lies ahead; record contacts "
            "after they were made",
            where,
        )
    return moment.isoformat(timespec="seconds")


def shortened(customer_id: str) -> str:
    """An id of which as much is told as finds it again in a file."""
    if len(customer_id) <= LONGEST_ID:
        return customer_id
    return f"{customer_id[: LONGEST_ID - 5]}…{customer_id[-4:]}"


def _fault(told: ToldContact, head: Head, arms: Mapping[str, str]) -> Fault | None:
    """What is wrong with a row of a list, and in which field."""
    customer_id, list_id = told.row.customer_id, head["list_id"]
    if customer_id not in arms:
        who = shortened(customer_id)
        return "customer_id", f"customer {who!r} is not on list {list_id!r}"
    if told.moment[:10] < str(head["begins_on"]):
        return (
            "contacted_at",
            f"{told.moment[:10]} lies before {head['begins_on']}, the first day of {list_id!r}",
        )
    return None


def _refusal(told: Sequence[ToldContact], faults: Mapping[int, Fault]) -> ListRefused:
    """All faults in one sentence, the first ones by name."""
    names = {each.place: each.name for each in told}
    places = sorted(faults)
    named = [f"{names[place]}: {faults[place][1]}" for place in places[:MOST_NAMED]]
    if len(places) > MOST_NAMED:
        named.append(f"and {counted(len(places) - MOST_NAMED, 'more row', 'more rows')}")
    return ListRefused(
        f"{counted(len(places), 'row does', 'rows do')} not fit, so none was kept: "
        f"{'; '.join(named)}; correct them, or leave the list out of contacts that belong to none",
        f"contacts.{places[0]}.{faults[places[0]][0]}",
    )
