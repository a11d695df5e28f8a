"""Do two command APIs act as one towards their clients, and each by itself where Redis is away?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as client

from infra.engines.redis import Redis
from tests.cluster_engines import running
from tests.server import Answer, Server, eventually
from tests.server import running as serving

PER_SECOND, BURST = 2, 20
REQUESTS = 60
SECONDS_MAX = 20.0
COURSE = {"course": "C1", "title": "Course one"}
OTHER = {"course": "C1", "title": "Another title"}


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis that the test may kill."""
    with running(Redis) as one:
        yield one


@pytest.fixture
def apis(dsn: str, redis: Redis, cluster: str, tmp_path: Path) -> Iterator[list[Server]]:
    """Two processes that take commands, for which neither Kafka nor Elasticsearch is needed."""
    environment = {
        "REGISTRAR_DATABASE_URL": dsn,
        "REGISTRAR_KEYS_URL": f"sqlite://{tmp_path}/keys.db",
        "REGISTRAR_EPOCH_KEYS": str(tmp_path / "epochs"),
        "REGISTRAR_KAFKA": "127.0.0.1:9",
        "REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:9",
        "REGISTRAR_REDIS_URL": redis.url,
        "REGISTRAR_CLUSTER": cluster[:40],
        "REGISTRAR_RATE_LIMIT_PER_SECOND": str(PER_SECOND),
        "REGISTRAR_RATE_LIMIT_BURST": str(BURST),
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(tmp_path / name / "data", "--only", "commands", environment=environment)
            )
            for name in ("a", "b")
        ]


def _create(api: Server, body: dict[str, str] = COURSE) -> Answer:
    """Send the command with its key, as often as it is told to send less."""

    def answer() -> Answer | None:
        found = api.command("create-course", body, idempotency_key="k1")
        return None if found.status == 429 else found

    found: Answer = eventually(answer, SECONDS_MAX, "the limit lets one through")
    return found


def _let_through(apis: list[Server]) -> tuple[int, float]:
    """Send many requests, to one and the other; return how many were let through, and in which
    time."""
    began = time.monotonic()
    answers = [apis[n % 2].post("/v1/commands", b"?") for n in range(REQUESTS)]
    assert {one.status for one in answers} <= {422, 429}
    return sum(one.status == 422 for one in answers), time.monotonic() - began


def _reachable(api: Server) -> bool:
    return b"registrar_redis_reachable 1.0" in api.get("/metrics").body


def _keys(redis: Redis, kind: str) -> int:
    with client.Redis.from_url(redis.url) as asked:
        return sum(1 for _ in asked.scan_iter(f"*:{kind}:*"))


def test_two_processes_count_a_client_together(apis: list[Server], redis: Redis) -> None:
    """As many requests as one process would; each counts for itself while Redis is gone, and
    together again when it is back."""
    let, seconds = _let_through(apis)
    assert BURST - 2 <= let <= BURST + PER_SECOND * seconds + 1
    assert [_reachable(api) for api in apis] == [True, True]
    redis.kill()
    let, _ = _let_through(apis)
    assert let >= 2 * BURST
    assert [_reachable(api) for api in apis] == [False, False]
    redis.start()

    def together() -> bool:
        for api in apis:
            api.post("/v1/commands", b"?")
        return _keys(redis, "limit") == 1 and all(_reachable(api) for api in apis)

    eventually(together, SECONDS_MAX, "they count in Redis again")


def test_a_repeated_command_is_answered_the_same_by_both(apis: list[Server], redis: Redis) -> None:
    """With its answer in Redis, with an empty Redis and with none."""
    one, other = apis
    first = _create(one)
    assert first.status == 201
    eventually(lambda: _keys(redis, "key") == 1, SECONDS_MAX, "the answer is kept")

    def check() -> None:
        for api in (other, one):
            again = _create(api)
            assert (again.status, again.body) == (200, first.body)
            assert again.headers["idempotent-replayed"] == "true"
            assert _create(api, OTHER).status == 422

    check()
    with client.Redis.from_url(redis.url) as asked:
        asked.flushall()
    check()
    redis.kill()
    check()
