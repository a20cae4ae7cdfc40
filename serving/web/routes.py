"""The JSON routes, for the app that BentoML's service mounts."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from serving.web import erasures, exports, lists, uplift, value
from serving.web.docs_page import docs_page
from serving.web.observe import metrics_text

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def json_answer(content: Any) -> Response:
    """Return content as a JSON response."""
    return Response(orjson.dumps(content), media_type="application/json")


def metrics(request: Request) -> Response:
    """Answer the metrics for Prometheus."""
    state = request.app.state
    return Response(metrics_text(state.store.current(), state.clock()), media_type=METRICS_TYPE)


def docs(_request: Request) -> Response:
    """Answer the OpenAPI document as a page to read."""
    return docs_page()


def routes(endpoints: Mapping[str, ASGIApp]) -> list[BaseRoute]:
    """Return the JSON routes, the more special path first, for an id may hold slashes."""
    return [
        *value.routes(),
        *(Route(path, endpoint) for path, endpoint in sorted(endpoints.items(), key=_length)),
        *erasures.routes(),
        *exports.routes(),
        *lists.routes(),
        *uplift.routes(),
        Route("/metrics", metrics),
        Route("/docs", docs),
    ]


def _length(item: tuple[str, ASGIApp]) -> int:
    return -len(item[0])
