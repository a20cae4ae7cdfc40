"""The first page: whom to look after this week, and who is past it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.details.week import AT_RISK, MOST, START, TOO_LATE
from serving.lists.let_be import LATELY, let_be
from serving.lists.terms import today_of
from serving.pages import advice, terms
from serving.pages.frame import frame, headline, horizons
from serving.pages.query import LIST_ADDRESS
from serving.pages.render import PAGE_HEADERS, page
from serving.pages.state import Parts
from serving.store.batch import Batch
from serving.store.tasks import Task, Tasks

PAGE_SIZE = 20
FIRST_TOO_LATE = 8
ADDRESS = "/"
# Query names of the list of customers, which stood at this address before.
FORMER = frozenset(
    ("risk_tier", "value_tier", "lifecycle_status", "q", "sort", "cursor", "everybody")
)


@dataclass(frozen=True)
class Part:
    """One list of the page, or the part of it on show.

    Parameters
    ----------
    kind : as in `serving.details.week`
    customers : how many there are in all
    rows : score rows with the last order, the suggested action and the task
    previous, following : addresses of the parts before and after; empty at the ends
    left : how many are let be for a contact list made since, by reason
    """

    kind: str
    customers: int
    rows: list[dict[str, Any]]
    previous: str = ""
    following: str = ""
    left: Mapping[str, int] = field(default_factory=dict)


def week_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the customers newly at risk; without an earlier batch those to begin with."""
    if FORMER & set(request.query_params):
        href = f"{LIST_ADDRESS}?{request.url.query}"
        return RedirectResponse(href, status_code=303, headers=PAGE_HEADERS)
    details = parts.store.details(batch.batch_id)
    facts = details.get("week")
    only_late = request.query_params.get("list") == TOO_LATE
    number = _page_number(request.query_params.get("page", ""))
    first, late = _lists(parts, batch, facts, number, only_late=only_late)
    rows = [*(first.rows if first else []), *(late.rows if late else [])]
    days = horizons(rows, parts)
    tasks = Tasks(parts.store.database, parts.clock)
    return page(
        "this_week.html",
        **frame(request, parts, "week"),
        **headline(parts, batch),
        **days,
        facts=facts,
        first=first,
        late=late,
        only_late=only_late,
        here_href=_href(TOO_LATE if only_late else "", number),
        open_tasks=tasks.open(),
        owners=tasks.owners(),
        today=str(parts.clock().date()),
        reach=(details.get("reach") or {}),
        left_out=left_out(facts, first),
        late_left_out=left_out(None, late),
        rules=advice.RULES,
        most=MOST,
        meanings=terms.meanings(**days),
        terms=terms,
    )


def left_out(facts: dict[str, Any] | None, first: Part | None) -> list[tuple[int, str]]:
    """How many were left off a list, and why, for reasons that some were."""
    counts = ((facts or {}).get("left_out") or {}).get(first.kind if first else "", {})
    counted = Counter(counts) + Counter(first.left if first else {})
    return [(counted[why], words) for why, words in terms.LEFT_OUT_WORDS.items() if counted[why]]


def _lists(
    parts: Parts, batch: Batch, facts: dict[str, Any] | None, number: int, *, only_late: bool
) -> tuple[Part | None, Part | None]:
    if facts is None:
        return None, None
    if only_late:
        return None, _part(parts, batch, facts, TOO_LATE, number)
    kind = AT_RISK if facts["since"] else START
    first = _part(parts, batch, facts, kind, number)
    if not facts["since"]:
        return first, None
    late = _part(parts, batch, facts, TOO_LATE, 1, FIRST_TOO_LATE)
    return first, late


def _part(
    parts: Parts,
    batch: Batch,
    facts: dict[str, Any],
    kind: str,
    number: int,
    size: int = PAGE_SIZE,
) -> Part:
    off = _let_be(parts, batch, kind)
    customers = facts["customers"][kind] - len(off)
    start = (number - 1) * size
    rows = parts.answers.week(batch, kind, start, size, off)
    tasks = Tasks(parts.store.database, parts.clock).of([row["customer_id"] for row in rows])
    listed = "" if kind != TOO_LATE else TOO_LATE
    more = start + size < min(facts["customers"][kind], MOST) - len(off)
    return Part(
        kind,
        customers,
        [_with_task(row, tasks, parts.clock().date()) for row in rows],
        previous=_href(listed, number - 1) if number > 1 else "",
        following=_href(listed, number + 1) if more else "",
        left=Counter(off.values()),
    )


def _let_be(parts: Parts, batch: Batch, kind: str) -> dict[str, str]:
    """Who is let be for a contact list; that a list contacts them makes nobody less late."""
    today = today_of(parts.settings, parts.clock())
    found = let_be(parts.store, parts.settings, batch.batch_id, kind, today)
    if kind != TOO_LATE:
        return found
    return {each: why for each, why in found.items() if why != LATELY}


def _with_task(row: dict[str, Any], tasks: dict[str, Task], today: date) -> dict[str, Any]:
    task = tasks.get(row["customer_id"])
    late = bool(task and task.due_on and not task.done_at and task.due_on < str(today))
    return {**row, "action": advice.advice(row), "task": task, "is_overdue": late}


def _page_number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    return max(int(text), 1) if is_number else 1


def _href(listed: str, number: int) -> str:
    pairs = [("list", listed)] if listed else []
    pairs += [("page", str(number))] if number > 1 else []
    return f"{ADDRESS}?{urlencode(pairs)}" if pairs else ADDRESS
