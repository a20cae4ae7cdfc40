"""Contact lists: those that were made, and whom another could hold, counted as filters change."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.lists import service
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
    query = ListQuery.of(request.query_params.multi_items())
    fault = query.fault
    may_see = SCOPE in request.state.principal.scopes
    return page(
        "lists.html",
        422 if fault else 200,
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        may_see=may_see,
        made=_made(parts) if may_see else [],
        query=query,
        fault=fault,
        count=None if fault else parts.answers.count(batch, query.filters),
        everybody=batch.customers,
        terms=terms,
    )


def _made(parts: Parts) -> list[dict[str, Any]]:
    """Heads of the lists, the newest first."""
    found = service.all_lists(parts.store, parts.settings, parts.clock())
    return [{**each, "verdict": with_days(each["verdict"] or "")} for each in found]
