"""Contact lists: those that were made, and whom another could hold, counted as filters change."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from serving.errors import CursorError
from serving.lists import service
from serving.lists.words import STATUS_WORDS
from serving.pages import terms
from serving.pages.frame import frame, headline
from serving.pages.lists_words import with_days
from serving.pages.query import ListQuery
from serving.pages.render import page
from serving.pages.state import Parts
from serving.store.batch import Batch

SCOPE = "lists"


def lists_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the lists made so far, the audience filter and how many customers it holds."""
    params = request.query_params
    query = ListQuery.of([pair for pair in params.multi_items() if pair[0] != "older"])
    fault = query.fault
    may_see = SCOPE in request.state.principal.scopes
    cursor = params.get("older") or None
    made, older = _made(parts, cursor) if may_see else ([], "")
    return page(
        "lists.html",
        422 if fault else 200,
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        may_see=may_see,
        made=made,
        statuses=STATUS_WORDS,
        older=older,
        is_further=bool(cursor),
        query=query,
        fault=fault,
        count=None if fault else parts.answers.count(batch, query.filters),
        everybody=batch.customers,
        terms=terms,
    )


def _made(parts: Parts, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    """Heads of the lists, the newest first, and the address of those before them, if any."""
    clock = parts.clock()
    try:
        found = service.page_of_lists(parts.store, parts.settings, clock, cursor=cursor)
    except CursorError:
        found = service.page_of_lists(parts.store, parts.settings, clock)
    older = found["next_cursor"]
    heads = [{**each, "verdict": with_days(each["verdict"] or "")} for each in found["items"]]
    return heads, f"/lists?{urlencode({'older': older})}" if older else ""
