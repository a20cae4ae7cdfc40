"""`/v1/lists` and `/v1/contacts`: make a contact list, read it, tell what became of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from configs.settings import Settings
from retention.lists.caps import CONTACTED, HELD_OUT
from serving.errors import CursorError, KeyReused
from serving.lists import service
from serving.lists.errors import (
    Busy,
    ListExists,
    ListRefused,
    NothingPublished,
    UnknownList,
)
from serving.lists.files import members_csv
from serving.lists.request import LISTS_AT_ONCE, ContactsIn, ListIn, OutcomesIn
from serving.lists.uplifts import UpliftDamaged
from serving.runtime import Runtime
from serving.scores import ScoreStore
from serving.store.idempotency import Written, answer_before, once
from serving.web.patience import take_time
from serving.web.problem import Problem
from serving.web.query import cursor_of, limit_of
from serving.web.streamed import Streamed
from serving.web.writes import key_of, principal_of, read_body

PATH = "/v1/lists"
CONTACTS = "/v1/contacts"
ONE = f"{PATH}/{{list_id}}"
ARMS = (CONTACTED, HELD_OUT)
FORMATS = ("json", "csv")
KNOWN = ("arm", "cursor", "format", "limit")
OF_EVERY = ("cursor", "limit")
CSV = "text/csv"

Effect = Callable[[Connection], dict[str, Any]]
Tell = Callable[[ScoreStore, Settings, datetime, str], dict[str, Any]]
Act = Callable[[Callable[[Effect], dict[str, Any]]], dict[str, Any]]


async def create(request: Request) -> Response:
    """Make a list; 201 with all of it."""
    body = read_body(ListIn, await request.body())
    return await run_in_threadpool(_create, request, body)


async def preview(request: Request) -> Response:
    """Answer what a list would be."""
    body = read_body(ListIn, await request.body())
    return await run_in_threadpool(_preview, request, body)


async def contacts(request: Request) -> Response:
    """Keep contacts that were made."""
    body = read_body(ContactsIn, await request.body())
    return await run_in_threadpool(_contacts, request, body)


async def outcomes(request: Request) -> Response:
    """Keep what members bought."""
    body = read_body(OutcomesIn, await request.body())
    return await run_in_threadpool(_outcomes, request, body)


def every(request: Request) -> Response:
    """Answer a page of the heads of lists."""
    runtime, params = _runtime(request), request.query_params
    _check_known(params, OF_EVERY)
    with refusals():
        found = service.page_of_lists(
            runtime.store,
            runtime.settings,
            runtime.clock(),
            cursor=cursor_of(params),
            limit=limit_of(params) if "limit" in params else LISTS_AT_ONCE,
        )
    return JSONResponse(found)


def one(request: Request) -> Response:
    """Answer one list."""
    return _told(request, service.the_list)


def readout(request: Request) -> Response:
    """Answer what a list earned."""
    return _told(request, service.readout)


def members(request: Request) -> Response:
    """Answer a page of members, or all of them as CSV."""
    arm, is_csv = _asked(request)
    _check_quota(request)
    runtime, list_id = _runtime(request), _id(request)
    cursor, limit = cursor_of(request.query_params), limit_of(request.query_params)
    with refusals():
        if is_csv:
            return _csv(request, list_id, arm)
        found = service.members(runtime.store, list_id, cursor=cursor, limit=limit, arm=arm)
    runtime.usage.add(principal_of(request).prefix, len(found["items"]))
    return JSONResponse(found)


def _told(request: Request, tell: Tell) -> Response:
    runtime = _runtime(request)
    take_time(request.scope)
    with refusals():
        return JSONResponse(tell(runtime.store, runtime.settings, runtime.clock(), _id(request)))


def _create(request: Request, body: ListIn) -> Response:
    runtime = _runtime(request)
    take_time(request.scope)
    answer = _once(
        request,
        body,
        201,
        lambda write: service.create(
            runtime.store,
            runtime.settings,
            runtime.clock(),
            body,
            principal_of(request).prefix,
            write,
        ),
    )
    place = {"location": f"{PATH}/{answer['list_id']}"}
    return JSONResponse(answer, status_code=201, headers=place)


def _preview(request: Request, body: ListIn) -> Response:
    runtime = _runtime(request)
    with refusals():
        found = service.preview(runtime.store, runtime.settings, runtime.clock(), body)
    return JSONResponse(found)


def _contacts(request: Request, body: ContactsIn) -> Response:
    runtime = _runtime(request)
    answer = _once(
        request,
        body,
        200,
        lambda write: service.record_contacts(
            runtime.store,
            runtime.settings,
            runtime.clock(),
            body.contacts,
            principal_of(request).prefix,
            write,
        ),
    )
    return JSONResponse(answer)


def _outcomes(request: Request, body: OutcomesIn) -> Response:
    runtime = _runtime(request)
    answer = _once(
        request,
        body,
        200,
        lambda write: service.record_outcomes(
            runtime.store,
            runtime.clock(),
            _id(request),
            body.outcomes,
            principal_of(request).prefix,
            replace=body.replace,
            write=write,
        ),
    )
    return JSONResponse(answer)


def _once(request: Request, body: BaseModel, status: int, act: Act) -> dict[str, Any]:
    """Do a write whose answer is kept under the key of the request, or give the answer kept.

    The key comes first: after another batch the same terms may be refused.
    """
    runtime, key = _runtime(request), key_of(request, body)

    def write(effect: Effect) -> dict[str, Any]:
        written = once(
            runtime.store.database,
            key,
            lambda connection: Written(status, effect(connection)),
            now=runtime.clock(),
        )
        return written.content

    with refusals():
        before = answer_before(runtime.store.database, key)
        return before.content if before else act(write)


def _asked(request: Request) -> tuple[str | None, bool]:
    """Arm, and whether a CSV is wanted.

    Raises
    ------
    Problem
        422 if a parameter is unknown, given twice, or not allowed.
    """
    params = request.query_params
    _check_known(params, KNOWN)
    arm, kind = params.get("arm"), params.get("format")
    if arm is not None and arm not in ARMS:
        raise Problem(422, f"arm must be one of {', '.join(ARMS)}")
    if kind is not None and kind not in FORMATS:
        raise Problem(422, f"format must be one of {', '.join(FORMATS)}")
    accepted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
    return arm, kind == "csv" or (kind is None and accepted == CSV)


def _check_known(params: QueryParams, known: tuple[str, ...]) -> None:
    for name in params:
        if name not in known:
            raise Problem(422, f"unknown query parameter {name!r}; known are {', '.join(known)}")
        if len(params.getlist(name)) > 1:
            raise Problem(422, f"{name} is given twice; give it once")


def _csv(request: Request, list_id: str, arm: str | None) -> Response:
    runtime, who = _runtime(request), principal_of(request).prefix
    take_time(request.scope)
    count, rows = service.taken_members(runtime.store, list_id, arm, who=who, now=runtime.clock())
    return Streamed(
        members_csv(rows),
        begun=lambda: runtime.usage.add(who, count),
        media_type=f"{CSV}; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{list_id}.csv"',
            "cache-control": "no-store",
        },
    )


def _check_quota(request: Request) -> None:
    usage = _runtime(request).usage
    wait = usage.seconds_to_wait(principal_of(request).prefix)
    if wait is not None:
        raise Problem(
            429,
            f"this token has listed the {usage.rows_per_day} customers that it may in a day; go "
            "on after midnight (UTC), or raise serve.rows_per_day",
            headers={"retry-after": str(wait)},
        )


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what lists refuse into answers."""
    try:
        yield
    except ListRefused as error:
        faults = [{"where": error.field, "what": str(error)}] if error.field else []
        raise Problem(422, str(error), errors=faults) from None
    except (UnknownList, CursorError) as error:
        raise Problem(404, str(error)) from None
    except (ListExists, KeyReused, UpliftDamaged) as error:
        raise Problem(409, str(error)) from None
    except (NothingPublished, Busy) as error:
        raise Problem(503, str(error)) from None


def _id(request: Request) -> str:
    return str(request.path_params["list_id"])


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return [
        Route(PATH, every, methods=["GET"]),
        Route(PATH, create, methods=["POST"]),
        Route(f"{PATH}/preview", preview, methods=["POST"]),
        Route(ONE, one),
        Route(f"{ONE}/members", members),
        Route(f"{ONE}/readout", readout),
        Route(f"{ONE}/outcomes", outcomes, methods=["POST"]),
        Route(CONTACTS, contacts, methods=["POST"]),
    ]
