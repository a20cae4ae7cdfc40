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
from starlette.types import ASGIApp

from serving import dashboard
from serving.runtime import Runtime
from serving.web import routes
from serving.web.auth import AuthMiddleware
from serving.web.limits import LimitMiddleware
from serving.web.observe import ObserveMiddleware
from serving.web.probes import ProbeMiddleware
from serving.web.problem import Problem, ProblemMiddleware, problem_of

PARTS = ("settings", "store", "tokens", "answers", "holder", "clock")


def build(runtime: Runtime) -> Starlette:
    """Return the app with the JSON routes and the dashboard; `runtime` is open when it starts."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for part in PARTS:
            setattr(app.state, part, getattr(runtime, part))
        yield

    app = Starlette(
        routes=[*routes.routes(), *dashboard.routes()],
        lifespan=lifespan,
        exception_handlers={Problem: _problem},
    )
    app.state.runtime = runtime
    # A redirect to the path with a slash would answer for a route that has no rule.
    app.router.redirect_slashes = False
    return app


def layers(runtime: Runtime) -> list[tuple[type[Any], dict[str, Any]]]:
    """Return the middlewares with their options, the outermost first."""
    return [
        (ObserveMiddleware, {}),
        (ProblemMiddleware, {}),
        (ProbeMiddleware, {"runtime": runtime}),
        (AuthMiddleware, {"runtime": runtime}),
        (LimitMiddleware, {}),
    ]


def with_layers(app: ASGIApp, runtime: Runtime) -> ASGIApp:
    """Return an app behind all layers, as the service puts them."""
    for layer, options in reversed(layers(runtime)):
        app = layer(app, **options)
    return app


def _problem(_request: Request, error: Exception) -> Response:
    return problem_of(error).response()
