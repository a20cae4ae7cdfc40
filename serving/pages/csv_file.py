"""The customers of a filter as a CSV file, from the page of the list."""

import csv
import io
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from serving.exports.batch_csv import CSV_FIELDS
from serving.exports.guard import guarded
from serving.pages.frame import notice
from serving.pages.query import ListQuery
from serving.pages.state import Parts
from serving.store import audit
from serving.store.batch import Batch
from serving.store.listing import Position

EXPORT = "export"
MOST_ROWS = 10_000
ROWS_AT_ONCE = 1000


def csv_file(request: Request, parts: Parts, batch: Batch) -> Response:
    """Send the customers of a filter, in its order, at most MOST_ROWS of them."""
    query = ListQuery.of(request.query_params.multi_items())
    if query.fault:
        return notice(
            request,
            parts,
            422,
            title="There is no such list",
            sentence=query.fault,
            link={"href": "/customers", "text": "All customers"},
            here="customers",
        )
    usage, who = request.app.state.runtime.usage, request.state.principal.prefix
    wait = usage.seconds_to_wait(who)
    if wait is not None:
        return _over_quota(request, parts, wait)
    usage.add(who, _record(request, parts, batch, query))
    # Whole, so that its length is known: a slow reader cannot be left with part of it.
    return Response(
        "".join(csv_text(parts, batch, query)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="customers-{batch.as_of}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def csv_text(parts: Parts, batch: Batch, query: ListQuery) -> Iterator[str]:
    """Parts of the file: the names of the fields, then some rows at a time."""
    yield _line(CSV_FIELDS)
    left, after = MOST_ROWS, None
    while left > 0:
        rows, after = _page(parts, batch, query, after, min(left, ROWS_AT_ONCE))
        yield "".join(_line([guarded(row[name]) for name in CSV_FIELDS]) for row in rows)
        left -= len(rows)
        if after is None:
            return


def _over_quota(request: Request, parts: Parts, wait: int) -> Response:
    response = notice(
        request,
        parts,
        429,
        title="No more customers today",
        sentence="This token has listed the customers that it may in a day; go on after midnight "
        "(UTC), or have serve.rows_per_day raised.",
        link={"href": "/customers", "text": "All customers"},
        here="customers",
    )
    response.headers["Retry-After"] = str(wait)
    return response


def _record(request: Request, parts: Parts, batch: Batch, query: ListQuery) -> int:
    """Write into the audit trail who takes how many customers along, and return that number."""
    rows = min(parts.answers.count(batch, query.filters), MOST_ROWS)
    database = parts.store.database
    with database.write() as connection:
        audit.record(
            connection,
            database.secret,
            at=parts.clock(),
            who=request.state.principal.prefix,
            what="csv",
            count=rows,
            details={"batch_id": batch.batch_id},
        )
    return rows


def _page(
    parts: Parts, batch: Batch, query: ListQuery, after: Position | None, limit: int
) -> tuple[list[dict[str, object]], Position | None]:
    return parts.store.page(batch.batch_id, query.filters, query.sort, after, limit)


def _line(cells: "tuple[str, ...] | list[object]") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
