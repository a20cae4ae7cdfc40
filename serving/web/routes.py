"""The JSON routes: check the request, call one function of `answers`, answer."""

from datetime import datetime
from typing import Any, cast

import orjson
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.answers import Answers
from serving.errors import CursorError
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.web.bodies import ScoresIn
from serving.web.docs_page import docs_page
from serving.web.observe import metrics_text
from serving.web.openapi import openapi_bytes
from serving.web.problem import Problem, body_errors
from serving.web.query import list_query

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def json_answer(content: Any) -> Response:
    """Return content as a JSON response."""
    return Response(orjson.dumps(content), media_type="application/json")


def published(request: Request) -> tuple[Answers, Batch, datetime]:
    """Return the answers, the current batch and the present moment.

    Raises
    ------
    Problem
        503 before the first batch is published.
    """
    store: ScoreStore = request.app.state.store
    batch = store.current()
    if batch is None:
        raise Problem(503, "no scores are published yet; run `perennial score`")
    return request.app.state.answers, batch, request.app.state.clock()


def customer(request: Request) -> Response:
    """Answer one customer's scores."""
    return _one_customer(request, "customer")


def customer_orders(request: Request) -> Response:
    """Answer one customer's orders."""
    return _one_customer(request, "orders")


def customer_history(request: Request) -> Response:
    """Answer one customer's scores in every batch kept."""
    return _one_customer(request, "history")


def _one_customer(request: Request, what: str) -> Response:
    answers, batch, now = published(request)
    answer = getattr(answers, what)(batch, request.path_params["customer_id"], now)
    if answer is None:
        raise Problem(404, "no customer of this id in the current batch")
    return json_answer(answer)


async def scores_by_ids(request: Request) -> Response:
    """Answer the scores of many ids, in the order asked."""
    body = await request.body()
    return await run_in_threadpool(_by_ids, request, body)


def _by_ids(request: Request, body: bytes) -> Response:
    try:
        asked = ScoresIn.model_validate_json(body)
    except ValidationError as error:
        faults = cast(Any, error.errors(include_input=False, include_context=False))
        raise Problem(
            422,
            'the body must be {"customer_ids": [...]} with at most 1000 ids',
            errors=body_errors(faults),
        ) from None
    answers, batch, now = published(request)
    return json_answer(answers.by_ids(batch, asked.customer_ids, now))


def customers(request: Request) -> Response:
    """Answer one page of the filtered list."""
    asked = list_query(request.query_params)
    answers, batch, now = published(request)
    try:
        answer = answers.customers(
            batch,
            now,
            filters=asked.filters,
            sort=asked.sort,
            limit=asked.limit,
            cursor=asked.cursor,
        )
    except CursorError as error:
        raise Problem(422, str(error)) from None
    return json_answer(answer)


def portfolio(request: Request) -> Response:
    """Answer the totals by risk tier and value tier."""
    answers, batch, now = published(request)
    return json_answer(answers.portfolio(batch, now))


def model(request: Request) -> Response:
    """Answer the card of the champion bundle."""
    champion = request.app.state.holder.champion
    if champion is None:
        raise Problem(503, "no model is promoted yet; run `perennial train`")
    return json_answer({"model_version": champion.bundle.version, **champion.bundle.card})


def metrics(request: Request) -> Response:
    """Answer the metrics for Prometheus."""
    state = request.app.state
    return Response(metrics_text(state.store.current(), state.clock()), media_type=METRICS_TYPE)


def openapi(_request: Request) -> Response:
    """Answer the OpenAPI document."""
    return Response(openapi_bytes(), media_type="application/json")


def docs(_request: Request) -> Response:
    """Answer the OpenAPI document as a page to read."""
    return docs_page()


def routes() -> list[BaseRoute]:
    """Return the JSON routes, the more special path first, for an id may hold slashes."""
    one = "/v1/customers/{customer_id:path}"
    return [
        Route("/v1/customers", customers),
        Route(f"{one}/orders", customer_orders),
        Route(f"{one}/history", customer_history),
        Route(one, customer),
        Route("/v1/scores", scores_by_ids, methods=["POST"]),
        Route("/v1/portfolio", portfolio),
        Route("/v1/model", model),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
        Route("/docs.json", openapi),
        Route("/docs", docs),
    ]
