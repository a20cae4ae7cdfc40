"""`POST /v1/erasures`: remove a customer from the store, now and for later batches."""

import logging
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from serving.errors import KeyReused, StoreDown
from serving.exports.erasing import erase_customer
from serving.lists.assignments import sync
from serving.runtime import Runtime
from serving.store.idempotency import Written, once
from serving.store.postgres import patient
from serving.web.problem import Problem
from serving.web.schemas import ID_PATTERN
from serving.web.writes import WriteBody, key_of, principal_of, read_body

PATH = "/v1/erasures"

log = logging.getLogger(__name__)


class ErasureIn(WriteBody):
    """The customer to erase; an id that was never seen is kept out of later batches too."""

    customer_id: Annotated[str, Field(min_length=1, max_length=128, pattern=ID_PATTERN)]


async def erase(request: Request) -> Response:
    """Erase a customer and answer the receipt."""
    body = read_body(ErasureIn, await request.body())
    return await run_in_threadpool(_erase, request, body)


@patient()
def _erase(request: Request, body: ErasureIn) -> Response:
    runtime: Runtime = request.app.state.runtime
    who, now = principal_of(request).prefix, runtime.clock()

    def effect(connection: Connection) -> Written:
        receipt = erase_customer(runtime.store, connection, body.customer_id, who=who, now=now)
        return Written(200, receipt)

    key = key_of(request, body)
    try:
        written = once(runtime.store.database, key, effect, now=now)
    except KeyReused as error:
        raise Problem(409, str(error)) from None
    runtime.store.database.forget()
    try:
        runtime.exporter.sweep()
        sync(runtime.store, runtime.settings)
    except (StoreDown, OSError) as error:
        # The customer is erased, and no file of an export is handed out any more.
        log.warning("files that hold the customer are removed later: %s", error)
    return JSONResponse(written.content, status_code=written.status)


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route(PATH, erase, methods=["POST"])]
