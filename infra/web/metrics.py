"""What is measured while registrar runs, and how is it asked for? (Prometheus)"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commands.ports import Log, LogUnavailable
from commands.register import DECISIONS
from infra.web.problem_types import problem_types, rules
from projections.ports import StoreUnavailable
from read_api.dependencies import ReadDependencies

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SCRAPE_SECONDS_MAX = 3.0
OTHER = "other"
"""The label of whatever is not known by name, so that clients cannot make labels up."""


class Metrics:
    """The measures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._commands: Collection[str] = frozenset(DECISIONS)
        self._outcomes: Collection[str] = {"recorded", "unchanged", *problem_types()}
        self._rules: Collection[str] = rules()
        # Looking a child up by its labels costs more than counting; there are few of them.
        self._answers: dict[tuple[str, str], list[Counter]] = {}
        self._requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "registrar_http_requests",
            "HTTP requests answered",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "registrar_http_request_seconds",
            "Seconds until the answer began",
            ("route",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.commands = Counter(
            "registrar_commands",
            "Commands answered, by outcome: recorded, unchanged, or the name of the problem",
            ("command", "outcome"),
            registry=registry,
        )
        self.refusals = Counter(
            "registrar_refusals", "Commands that a rule refused", ("rule",), registry=registry
        )
        self.batches = Histogram(
            "registrar_append_batch_requests",
            "Requests that went into one append",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self.head = Gauge(
            "registrar_log_position", "The last position of the log", registry=registry
        )

        def of_reading(name: str, told: str, *labels: str) -> Gauge:
            named = ("reading", *labels)
            return Gauge(f"registrar_reading_{name}", told, named, registry=registry)

        self.position = of_reading("position", "Read up to here", "partition")
        self.lag_positions = of_reading("lag_positions", "Facts not read yet", "partition")
        self.lag_seconds = of_reading(
            "lag_seconds", "Age of the first fact not read yet", "partition"
        )
        self.parked = of_reading("parked", "Facts put aside")
        self.stalled = of_reading("stalled", "1: it does not move, or nobody is there to move it")
        self.reachable = Gauge(
            "registrar_stores_reachable", "1: log and store answered this scrape", registry=registry
        )

        self.overdue = Gauge(
            "registrar_due_overdue", "Commands whose moment has come, not sent", registry=registry
        )
        self.overdue_seconds = Gauge(
            "registrar_due_lag_seconds",
            "How long the first of them has waited",
            registry=registry,
        )
        self.failing = Gauge(
            "registrar_due_failing", "Commands of the scheduler that fail", registry=registry
        )
        self.hot = Counter(
            "registrar_hot_answers",
            "Answers of which one is given to many: kept, shared or made",
            ("how",),
            registry=registry,
        )
        self.turned_away = Counter(
            "registrar_turned_away",
            "Requests of whom nobody knows who sent them, by the problem that was told",
            ("problem",),
            registry=registry,
        )
        self.limited = Counter(
            "registrar_rate_limited", "Requests refused as too many", registry=registry
        )

    def redis(self, reachable: Callable[[], bool]) -> None:
        """Measure whether Redis answers, too. Without it all is slower and nothing is wrong, so no
        health check tells."""
        gauge = Gauge(
            "registrar_redis_reachable", "1: Redis answered when last asked", registry=self.registry
        )
        gauge.set_function(reachable)

    def install(self, app: FastAPI, look: Callable[[], Awaitable[None]]) -> None:
        """Measure every request to an application, and answer ``/metrics``, which looks how far
        everything is whenever it is asked."""

        async def answer(_: Request) -> Response:
            await look()
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        app.router.routes.append(Route("/metrics", answer, methods=["GET"]))
        app.add_middleware(Measured, metrics=self)

    def answered(self, command: str, outcome: str) -> None:
        """Count what was answered to a command: recorded, unchanged, or the problem's name."""
        counters = self._answers.get((command, outcome))
        if counters is None:
            known = command if command in self._commands else OTHER
            told = outcome if outcome in self._outcomes else OTHER
            counters = [self.commands.labels(known, told)]
            if told in self._rules:
                counters.append(self.refusals.labels(told))
            if known is not OTHER:
                self._answers[command, outcome] = counters
        for counter in counters:
            counter.inc()

    def batch(self, requests: int) -> None:
        """Count an append of so many requests."""
        self.batches.observe(requests)

    def unknown(self, problem: str) -> None:
        """Count a request of whom nobody knows who sent it."""
        self.turned_away.labels(problem).inc()

    def given(self, how: str) -> None:
        """Count an answer that might be kept."""
        self.hot.labels(how).inc()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request."""
        children = self._requests.get((method, route, status))
        if children is None:
            children = self.requests.labels(method, route, str(status)), self.seconds.labels(route)
            self._requests[method, route, status] = children
        counter, histogram = children
        counter.inc()
        histogram.observe(seconds)


class Measured:
    """ASGI middleware that counts requests by route and status, and times them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what was answered and when."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status, seconds = 500, None

        async def noting(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            taken = time.perf_counter() - began if seconds is None else seconds
            self._metrics.request(scope["method"], template(scope), status, taken)


def template(scope: Scope) -> str:
    """Return the address that a request matched, with names for what varies in it."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is not None:
        return str(path)
    if "endpoint" not in scope:
        return OTHER
    parts = scope["path"].split("/")
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in parts)


async def look_at_log(metrics: Metrics, log: Log) -> None:
    """Measure how long the log is."""
    try:
        async with asyncio.timeout(SCRAPE_SECONDS_MAX):
            metrics.head.set(await log.head())
    except (LogUnavailable, TimeoutError):
        metrics.reachable.set(0)
        return
    metrics.reachable.set(1)


async def look_at_readings(metrics: Metrics, deps: ReadDependencies) -> None:
    """Measure how long the log is, and how far each reading is."""
    try:
        async with asyncio.timeout(SCRAPE_SECONDS_MAX):
            metrics.head.set((await deps.log.head()).position)
            statuses = await asyncio.to_thread(deps.status.status)
            due = await asyncio.to_thread(deps.status.due)
    except (StoreUnavailable, TimeoutError):
        metrics.reachable.set(0)
        return
    metrics.reachable.set(1)
    metrics.overdue.set(due.overdue)
    metrics.overdue_seconds.set(due.lag_seconds)
    metrics.failing.set(due.failing)
    for gauge in (metrics.position, metrics.lag_positions, metrics.lag_seconds):
        gauge.clear()  # a reading may have fewer partitions than it had
    for status in statuses:
        for one in status.partitions:
            metrics.position.labels(status.name, one.number).set(one.position)
            metrics.lag_positions.labels(status.name, one.number).set(one.lag_positions)
            metrics.lag_seconds.labels(status.name, one.number).set(one.lag_seconds)
        metrics.parked.labels(status.name).set(status.parked)
        metrics.stalled.labels(status.name).set(status.state == "stalled")
