"""`/v1/uplift`: whom contact moves, by what was learned last."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from serving.lists.uplift_answer import uplift_answer
from serving.runtime import Runtime

PATH = "/v1/uplift"


def uplift(request: Request) -> Response:
    """Answer what the finished lists taught, or what is missing for it."""
    runtime: Runtime = request.app.state.runtime
    return JSONResponse(uplift_answer(runtime.store, runtime.settings, runtime.clock()))


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route(PATH, uplift)]
