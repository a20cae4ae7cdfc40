"""The reads by customer id and the other JSON reads, as endpoints without a framework.

Starlette mounts them where BentoML serves; the front door calls them at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import orjson
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.answers import without_scores
from serving.errors import CursorError, UnknownCursor
from serving.model_answer import model_answer
from serving.runtime import Runtime
from serving.store.batch import Batch
from serving.store.lookup import Found
from serving.web.answer import send_json, send_read
from serving.web.bodies import FORBIDDEN, MAX_ID, ScoresIn
from serving.web.openapi import openapi_bytes
from serving.web.problem import Problem, body_errors
from serving.web.query import basis_of, list_query

# More ids than this take so long that others would feel it.
FEW = 50

Read = Callable[[Runtime, Scope], bytes]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


def endpoints(runtime: Runtime) -> dict[str, ASGIApp]:
    """Return the endpoints by the path of their rule; `runtime` is open when they are called."""

    def quick(read: Read) -> Endpoint:
        async def endpoint(scope: Scope, _receive: Receive, send: Send) -> None:
            await send_read(scope, send, await runtime.quickly(read, runtime, scope))

        return endpoint

    def slow(read: Read) -> Endpoint:
        async def endpoint(scope: Scope, _receive: Receive, send: Send) -> None:
            await send_read(scope, send, await runtime.readers.run(read, runtime, scope))

        return endpoint

    async def scores_by_ids(_scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, await _scores_by_ids(runtime, receive))

    one = "/v1/customers/{customer_id:path}"
    return {
        one: quick(customer),
        f"{one}/orders": quick(orders),
        f"{one}/history": quick(history),
        "/v1/scores": scores_by_ids,
        "/v1/customers": slow(customers),
        "/v1/portfolio": slow(portfolio),
        "/v1/model": quick(model),
        "/openapi.json": quick(openapi),
        "/docs.json": quick(openapi),
    }


def customer(runtime: Runtime, scope: Scope) -> bytes:
    """Return one customer's scores."""
    asked = _asked(scope)
    found = runtime.lookup.customer(asked)
    return _answer(runtime, asked, found, {"results": found.rows})


def orders(runtime: Runtime, scope: Scope) -> bytes:
    """Return one customer's orders."""
    asked = _asked(scope)
    found = runtime.lookup.orders(asked)
    return _answer(runtime, asked, found, {"customer_id": asked, "orders": found.rows})


def history(runtime: Runtime, scope: Scope) -> bytes:
    """Return one customer's scores in every batch kept."""
    asked = _asked(scope)
    found = runtime.lookup.history(asked)
    return _answer(runtime, asked, found, {"customer_id": asked, "history": found.rows})


def by_ids(runtime: Runtime, ids: Sequence[str]) -> bytes:
    """Return the scores of many ids, in the order asked."""
    found = runtime.lookup.by_ids(ids)
    batch = published(found.batch)
    rows = {row["customer_id"]: row for row in found.rows}
    lacking = [each for each in ids if each not in rows]
    erased = runtime.store.erased(lacking) if lacking else set()
    results = [rows.get(i) or without_scores(i, is_erased=i in erased) for i in ids]
    return orjson.dumps({**runtime.answers.head(batch, runtime.clock()), "results": results})


def customers(runtime: Runtime, scope: Scope) -> bytes:
    """Return one page of the filtered list."""
    asked = list_query(QueryParams(scope["query_string"]))
    batch = published(runtime.store.current())
    try:
        answer = runtime.answers.customers(
            batch,
            runtime.clock(),
            filters=asked.filters,
            sort=asked.sort,
            limit=asked.limit,
            cursor=asked.cursor,
        )
    except CursorError as error:
        status = 404 if isinstance(error, UnknownCursor) else 422
        raise Problem(status, str(error)) from None
    return orjson.dumps(answer)


def portfolio(runtime: Runtime, scope: Scope) -> bytes:
    """Return totals and rates of all customers together, value on the basis asked for."""
    basis = basis_of(QueryParams(scope["query_string"]))
    batch = published(runtime.store.current())
    return orjson.dumps(runtime.answers.portfolio(batch, runtime.clock(), basis))


def model(runtime: Runtime, _scope: Scope) -> bytes:
    """Return the card of the champion bundle."""
    champion = runtime.holder.champion
    if champion is None:
        raise Problem(503, "no model is promoted yet; run `perennial train`")
    batch = runtime.store.current()
    details = {} if batch is None else runtime.store.details(batch.batch_id)
    return orjson.dumps(model_answer(champion, runtime.settings.models_dir, details))


def openapi(_runtime: Runtime, _scope: Scope) -> bytes:
    """Return the OpenAPI document."""
    return openapi_bytes()


def published(batch: Batch | None) -> Batch:
    """Return the head of the current batch.

    Raises
    ------
    Problem
        503 before the first batch is published.
    """
    if batch is None:
        raise Problem(503, "no scores are published yet; run `perennial score`")
    return batch


def _asked(scope: Scope) -> str:
    asked = str(scope["path_params"]["customer_id"])
    if len(asked) > MAX_ID or FORBIDDEN.search(asked):
        raise Problem(
            422, f"a customer id has at most {MAX_ID} characters and no control characters"
        )
    return asked


def _answer(runtime: Runtime, asked: str, found: Found, content: dict[str, Any]) -> bytes:
    batch = published(found.batch)
    if not found.is_known:
        if runtime.store.erased([asked]):
            raise Problem(410, "this customer was erased; nothing is kept")
        raise Problem(404, "no customer of this id in the current batch")
    return orjson.dumps({**runtime.answers.head(batch, runtime.clock()), **content})


async def _scores_by_ids(runtime: Runtime, receive: Receive) -> bytes:
    # The layers in front have read the body and hand it on whole.
    body = (await receive())["body"]
    try:
        asked = ScoresIn.model_validate_json(body)
    except ValidationError as error:
        faults = cast(Any, error.errors(include_input=False, include_context=False))
        raise Problem(
            422,
            'the body must be {"customer_ids": [...]} with at most 1000 ids',
            errors=body_errors(faults),
        ) from None
    ids = asked.customer_ids
    if len(ids) <= FEW:
        return await runtime.quickly(by_ids, runtime, ids)
    return await runtime.readers.run(by_ids, runtime, ids)
