"""Does a whole registrar answer the same, with what is kept in Redis and without?"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.types import ASGIApp

from infra.cache.hot import RedisHot
from infra.cache.memory import MemoryLimits
from infra.engines.redis import Redis
from infra.web.apps import full_app, query_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics
from infra.web.rates import Rates, limited
from tests.cache.conftest import sharing
from tests.databases import Databases
from tests.read_api.world import World, furnish, world

PATHS = (
    "/v1/runs",
    "/v1/runs?limit=1&sort=-enrolled",
    "/v1/runs/AAA-2013J",
    "/v1/runs/AAA-2013J/learners",
    "/v1/courses/AAA",
    "/v1/analytics/overview",
    "/v1/analytics/runs/AAA-2013J",
    "/v1/analytics/runs/AAA-2013J/daily",
    "/v1/analytics/runs/AAA-2013J/items",
    "/v1/search?q=module",
    "/v1/runs/NONE",
    "/v1/runs?limitt=1",
)


@pytest.fixture(scope="module")
def furnished(databases_18: Databases) -> Iterator[World]:
    """A registrar with a little of everything in it."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish(one)
        one.get("runs")
        one.get("search", q="s1")
        one.get("analytics/runs/AAA-2013J")
        one.get("learners/s1")
        yield one


def test_answers_are_equal_byte_for_byte(
    furnished: World, redis_server: Redis, cluster: str
) -> None:
    """The first and the repeated one, with a tag and without."""

    async def test() -> None:
        async with sharing(redis_server.url, cluster) as shared:
            metrics = Metrics()
            kept = query_app(furnished.reads, metrics, hot=RedisHot(shared))
            plain = query_app(furnished.reads, Metrics())
            async with _client(kept) as behind, _client(plain) as direct:
                for path in PATHS:
                    wanted = await direct.get(path)
                    for _ in range(2):
                        found = await behind.get(path)
                        assert (found.status_code, found.content) == (
                            wanted.status_code,
                            wanted.content,
                        ), path
                        assert found.headers == wanted.headers, path
                    tag = {"if-none-match": wanted.headers.get("etag", '"none"')}
                    one, other = (
                        await behind.get(path, headers=tag),
                        await direct.get(path, headers=tag),
                    )
                    assert (one.status_code, one.content, one.headers) == (
                        other.status_code,
                        other.content,
                        other.headers,
                    ), path
            text = (await _client(kept).get("/metrics")).text
            assert 'registrar_hot_answers_total{how="kept"}' in text
            counted = 'registrar_http_requests_total{method="GET",route="/v1/runs",status="200"}'
            assert f"{counted} 4.0" in text

    furnished.run(test())


def _client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(open_to_all(app)),
        base_url="http://registrar",
    )


def test_too_many_requests_are_refused_with_a_problem(furnished: World) -> None:
    """Commands and queries; never what machines ask whether the process is well."""

    async def test() -> None:
        metrics, limits = Metrics(), MemoryLimits(1, 3, lambda: 0.0)
        plain = full_app(furnished.registrar.commands.dependencies, furnished.reads, Metrics())
        app = limited(plain, Rates(limits), furnished.reads.principal, metrics.limited.inc)
        async with _client(app) as client:
            answers = [await client.get("/v1/log") for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
            refused = await client.post("/v1/commands/create-course", json={})
            assert refused.status_code == 429
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["retry-after"] == "1"
            assert refused.json()["rule"] == "too-many-requests"
            assert (await client.get(refused.json()["type"])).status_code == 200
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await client.get(path)).status_code == 200
            assert metrics.registry.get_sample_value("registrar_rate_limited_total") == 2

    furnished.run(test())
