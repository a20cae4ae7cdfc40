"""The dashboard: server-rendered pages that show what the API answers, without a script.

The pages format and place numbers; every number is made by `serving.answers`.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from serving.errors import CursorError, StoreDown
from serving.pages import terms
from serving.pages.dates import SAID, next_order_sentence, silence_sentence
from serving.pages.gauges import history_points, reason_bars, value_range
from serving.pages.heat_map import heat_map
from serving.pages.members import served_words
from serving.pages.query import PAGE_SIZE, ListQuery, customer_href
from serving.pages.render import page
from serving.pages.scatter import scatter
from serving.pages.sentences import value_sentence
from serving.pages.sign_in import sign_in, sign_in_form, sign_out
from serving.pages.state import Parts
from serving.pages.timeline import timeline
from serving.store.batch import Batch

STATIC = Path(__file__).resolve().parent / "static"
SHOWN_ORDERS = 12
DRAWN_ORDERS = 400
RETRY_SECONDS = "30"

View = Callable[[Request, Parts, Batch], Response]


def routes() -> list[BaseRoute]:
    """Return the routes of the pages and of their style sheet and icon."""
    return [
        Route("/", _published(list_page), name="customers"),
        # An id may hold a slash, which the server has unquoted by now.
        Route("/customers/{customer_id:path}", _published(customer_page), name="customer"),
        Route("/sign-in", sign_in_form, methods=["GET"], name="sign_in_form"),
        Route("/sign-in", sign_in, methods=["POST"], name="sign_in"),
        Route("/sign-out", sign_out, methods=["POST"], name="sign_out"),
        Mount("/static", Assets(directory=STATIC), name="static"),
    ]


def list_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the customers of a filter, the totals of all, and the picture of both."""
    now = parts.clock()
    query = ListQuery.of(request.query_params.multi_items())
    portfolio = parts.answers.portfolio(batch, now)
    fault, rows, cursor = query.fault, [], None
    if not fault:
        try:
            answer = parts.answers.customers(
                batch,
                now,
                filters=query.filters,
                sort=query.sort,
                limit=PAGE_SIZE,
                cursor=query.cursor or None,
            )
            rows, cursor = answer["items"], answer["next_cursor"]
        except CursorError as error:
            fault = f"This page of the list cannot be shown: {error}."
    horizons = _horizons(rows, parts)
    picture = heat_map(portfolio["tiers"], query.field, query.is_field)
    return page(
        "customers.html",
        422 if fault else 200,
        **_frame(parts),
        **horizons,
        head=portfolio,
        served=_served(parts, batch),
        customers=portfolio["statuses"].get("scored", 0),
        query=query,
        fault=fault,
        rows=rows,
        next_page=query.after(cursor) if cursor else "",
        page_size=PAGE_SIZE,
        map=picture,
        chosen=next((field for field in picture.fields if field.is_chosen), None),
        cloud=scatter(rows, customer_href),
        meanings=terms.meanings(**horizons),
        terms=terms,
    )


def customer_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show one customer: scores, reasons, purchases, and the scores of earlier batches."""
    now = parts.clock()
    customer_id = request.path_params["customer_id"]
    answer = parts.answers.customer(batch, customer_id, now)
    if answer is None:
        return page(
            "notice.html",
            404,
            **_frame(parts),
            title="No such customer",
            sentence="The current batch holds no customer with this id. Ids are matched exactly, "
            "leading zeros and capitals included.",
            command="",
            link={"href": "/", "text": "All customers"},
        )
    row = answer["results"][0]
    orders = (parts.answers.orders(batch, customer_id, now) or {"orders": []})["orders"]
    history = (parts.answers.history(batch, customer_id, now) or {"history": []})["history"]
    horizons = _horizons([row], parts)
    return page(
        "customer.html",
        **_frame(parts),
        head=answer,
        served=_served(parts, batch),
        customers=None,
        row=row,
        status_words=terms.STATUS_WORDS.get(row["score_status"]),
        value_words=value_sentence(row),
        next_words=next_order_sentence(row),
        silence_words=silence_sentence(row),
        lacking={field: code for field, code in row["missing"].items() if field not in SAID},
        span=value_range(row),
        bars=reason_bars(row["reasons"]),
        orders=orders[::-1],
        shown_orders=SHOWN_ORDERS,
        line=timeline(orders[-DRAWN_ORDERS:], answer["as_of"], row["churn_horizon_days"]),
        history=history[::-1],
        trail=history_points(history),
        meanings=terms.meanings(**horizons),
    )


class Assets(StaticFiles):
    """Static files that browsers check for changes and take for nothing but what they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file with our headers added."""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"cache-control", b"no-cache"),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await super().__call__(scope, receive, with_headers)


def _published(view: View) -> Callable[[Request], Response]:
    """Give a view the current batch; without one, or without a store, a page that says so."""

    @wraps(view)
    def handler(request: Request) -> Response:
        parts = Parts.of(request)
        try:
            batch = parts.store.current()
            return _nothing_yet(parts) if batch is None else view(request, parts, batch)
        except StoreDown:
            return _unavailable(
                parts,
                title="The scores cannot be read just now",
                sentence="The score store does not answer. Try again in a minute; if it lasts, "
                "the log of the service says why.",
                command="",
            )

    return handler


def _nothing_yet(parts: Parts) -> Response:
    return _unavailable(
        parts,
        title="Nothing is published yet",
        sentence="The service runs, but no scores have been published for this shop. "
        "Train a model once, then publish its scores:",
        command="perennial train -c CONFIG\nperennial score -c CONFIG",
    )


def _unavailable(parts: Parts, *, title: str, sentence: str, command: str) -> Response:
    link = {"href": "/", "text": "Try again"}
    response = page(
        "notice.html",
        503,
        **_frame(parts),
        title=title,
        sentence=sentence,
        command=command,
        link=link,
    )
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _frame(parts: Parts) -> dict[str, Any]:
    """What every page behind the sign-in shows."""
    return {
        "shop": parts.settings.name,
        "is_signed_in": True,
        "stale_after_hours": parts.settings.serve.stale_after_hours,
    }


def _served(parts: Parts, batch: Batch) -> str:
    """What made the scores of a batch, in words; empty where its model is in use no more."""
    champion = parts.holder.champion
    if champion is None or champion.version != batch.model_version:
        return ""
    return served_words(champion.bundle.served)


def _horizons(rows: list[dict[str, Any]], parts: Parts) -> dict[str, int]:
    """Days looked ahead by the rows on show; by the settings where no row tells."""
    row = next((row for row in rows if row["churn_horizon_days"]), None)
    settings = parts.settings.horizons
    return {
        "churn_days": row["churn_horizon_days"] if row else settings.churn_days,
        "value_days": row["value_horizon_days"] if row else settings.value_days,
    }
