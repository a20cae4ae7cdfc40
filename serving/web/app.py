"""The ASGI app that BentoML's service mounts at `/`, and the layers in front of both.

Handlers find their parts in `request.app.state`: `runtime` and, of it, `settings`, `store`,
`tokens`, `answers`, `holder`, `clock`; and who asks in `request.state.principal`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving import dashboard
from serving.errors import StoreDown
from serving.runtime import Runtime
from serving.web import routes
from serving.web.auth import AuthMiddleware
from serving.web.lane import ShortWay
from serving.web.limits import LimitMiddleware
from serving.web.lookups import endpoints
from serving.web.observe import ObserveMiddleware
from serving.web.patience import PatienceMiddleware
from serving.web.permit import PermitMiddleware
from serving.web.probes import ProbeMiddleware
from serving.web.problem import Problem, ProblemMiddleware, problem_of
from serving.web.quota import QuotaMiddleware
from serving.web.rates import RateMiddleware
from serving.web.shared import Shared, shared_of
from serving.web.turns import TurnMiddleware

# Set in the scope of a request by the front door, whose layers stand outside of BentoML.
LAYERS_RAN = "perennial.layers_ran"
PREDICT = "/predict"
PARTS = ("settings", "store", "tokens", "answers", "holder", "clock")


def build(runtime: Runtime) -> Starlette:
    """Return the app with the JSON routes and the dashboard; `runtime` is open when it starts."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for part in PARTS:
            setattr(app.state, part, getattr(runtime, part))
        yield

    app = Starlette(
        routes=[*routes.routes(endpoints(runtime)), *dashboard.routes()],
        lifespan=lifespan,
        exception_handlers=dict.fromkeys((Problem, StoreDown, TimeoutError), _problem),
    )
    app.state.runtime = runtime
    # A redirect to the path with a slash would answer for a route that has no rule.
    app.router.redirect_slashes = False
    return app


def layers(runtime: Runtime, shared: Shared) -> list[tuple[type[Any], dict[str, Any]]]:
    """Return the middlewares with their options, the outermost first."""
    return [
        (ObserveMiddleware, {}),
        (ProblemMiddleware, {}),
        (ProbeMiddleware, {"runtime": runtime}),
        (AuthMiddleware, {"runtime": runtime, "tokens": shared.tokens}),
        (RateMiddleware, {"runtime": runtime, "windows": shared.windows}),
        (PermitMiddleware, {}),
        (QuotaMiddleware, {"runtime": runtime}),
        (TurnMiddleware, {"turns": shared.turns}),
        (LimitMiddleware, {}),
        (DispatchMiddleware, {"runtime": runtime}),
    ]


def with_layers(app: ASGIApp, runtime: Runtime) -> ASGIApp:
    """Return an app behind all layers, as the service puts them, with the short way before."""
    shared = shared_of(runtime)
    for layer, options in reversed(layers(runtime, shared)):
        app = layer(app, **options)
    return ShortWay(app, runtime=runtime, shared=shared)


class OwnLayers:
    """All layers as one, for BentoML; a request that met them at the front door passes.

    Parameters
    ----------
    runtime : what the layers share
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self.app = app
        self.layered = with_layers(app, runtime)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.app if LAYERS_RAN in scope else self.layered)(scope, receive, send)


class DispatchMiddleware:
    """Answers the JSON reads itself; for all else, an app that may work in threads.

    Parameters
    ----------
    app : has the other routes
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self.other = PatienceMiddleware(app)
        self.endpoints = endpoints(runtime)
        self.runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = scope["state"].get("rule") if scope["type"] == "http" else None
        if rule is not None and rule.path == PREDICT and self.runtime.predicting.is_full:
            # To read thousands of lines only to refuse them would take the time of others.
            raise self.runtime.predicting.refusal()
        endpoint = self.endpoints.get(rule.path) if rule is not None else None
        await (endpoint or self.other)(scope, receive, send)


def _problem(request: Request, error: Exception) -> Response:
    return problem_of(error).response_to(request.scope)
