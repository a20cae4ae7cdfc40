"""The list of customers: whom a filter holds, in which order, with which columns."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.errors import CursorError
from serving.pages import terms
from serving.pages.columns import COLUMNS
from serving.pages.csv_file import EXPORT, MOST_ROWS
from serving.pages.frame import frame, headline, horizons
from serving.pages.query import PAGE_SIZE, ListQuery, customer_href
from serving.pages.render import page
from serving.pages.saved_views import view_links
from serving.pages.scatter import scatter
from serving.pages.state import Parts
from serving.store.batch import Batch


def list_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the customers of a filter and a picture of them."""
    query = ListQuery.of(request.query_params.multi_items())
    fault, rows, cursor = _rows(parts, batch, query)
    days = horizons(rows, parts)
    return page(
        "customers.html",
        422 if fault else 200,
        **frame(request, parts, "customers"),
        **headline(parts, batch),
        **view_links(parts, query),
        **days,
        count=None if fault else parts.answers.count(batch, query.filters),
        everybody=batch.customers,
        query=query,
        all_columns=COLUMNS,
        columns=[(name, COLUMNS[name]) for name in query.columns],
        fault=fault,
        rows=rows,
        next_page=query.after(cursor) if cursor else "",
        page_size=PAGE_SIZE,
        may_export=EXPORT in request.state.principal.scopes,
        most_rows=MOST_ROWS,
        cloud=scatter(rows, lambda customer_id: customer_href(customer_id, query.href)),
        meanings=terms.meanings(**days),
        terms=terms,
    )


def count_part(request: Request, parts: Parts, batch: Batch) -> Response:
    """The sentence on how many customers a filter holds; asked for as the filters change."""
    query = ListQuery.of(request.query_params.multi_items())
    fault = query.fault
    count = None if fault else parts.answers.count(batch, query.filters)
    return page("count.html", fault=fault, count=count, everybody=batch.customers, query=query)


def _rows(
    parts: Parts, batch: Batch, query: ListQuery
) -> tuple[str, list[dict[str, Any]], str | None]:
    """What is wrong with a query, else the rows of its page and the cursor of the next one."""
    if query.fault:
        return query.fault, [], None
    try:
        answer = parts.answers.customers(
            batch,
            parts.clock(),
            filters=query.filters,
            sort=query.sort,
            limit=PAGE_SIZE,
            cursor=query.cursor or None,
        )
    except CursorError as error:
        return f"This page of the list cannot be shown: {error}.", [], None
    return "", answer["items"], answer["next_cursor"]
