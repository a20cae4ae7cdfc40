"""Counts and times of requests for Prometheus, by route template; no id is ever a label."""

import os
import time
from datetime import datetime
from functools import cache

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.store.batch import Batch

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("perennial_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "perennial_request_seconds",
    "Seconds from request to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
REFUSED = Counter(
    "perennial_refused_total", "Requests refused before their route was looked up", ["status"]
)
QUOTA_REACHED = Counter(
    "perennial_quota_reached_total", "Tokens that have listed all rows they may in a day"
)
BATCH_AGE = Gauge(
    "perennial_batch_age_seconds",
    "Seconds since the current batch was published; -1 before the first one",
    multiprocess_mode="mostrecent",
)
BATCH_CUSTOMERS = Gauge(
    "perennial_batch_customers",
    "Customers in the current batch",
    multiprocess_mode="mostrecent",
)


class ObserveMiddleware:
    """Counts each answer and its time under the route template that `AuthMiddleware` found."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, counted)
        finally:
            rule = scope.get("state", {}).get("rule")
            route = rule.path if rule is not None else "none"
            method = scope["method"] if scope["method"] in METHODS else "other"
            observe(method, route, status, time.perf_counter() - started)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer and its time."""
    requests, times = _metrics_of(method, route, status)
    requests.inc()
    times.observe(seconds)


@cache
def _metrics_of(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # There are as many as there are routes: to look them up each time costs more than to count.
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)


def metrics_text(batch: Batch | None, now: datetime) -> bytes:
    """Return all metrics in Prometheus' text format, summed over the workers if there are some."""
    BATCH_AGE.set(-1 if batch is None else (now - batch.published_at).total_seconds())
    BATCH_CUSTOMERS.set(0 if batch is None else batch.customers)
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
