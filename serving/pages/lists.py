"""Contact lists: whom a list could hold, with counts that follow the filters."""

from starlette.requests import Request
from starlette.responses import Response

from serving.pages import terms
from serving.pages.frame import frame, headline
from serving.pages.query import ListQuery
from serving.pages.render import page
from serving.pages.state import Parts
from serving.store.batch import Batch


def lists_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the audience filter and how many customers it holds."""
    query = ListQuery.of(request.query_params.multi_items())
    fault = query.fault
    return page(
        "lists.html",
        422 if fault else 200,
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        query=query,
        fault=fault,
        count=None if fault else parts.answers.count(batch, query.filters),
        everybody=batch.customers,
        terms=terms,
    )
