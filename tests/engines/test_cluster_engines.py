"""What do the engines of the cluster promise: a place, a lifetime, data that outlives a crash?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psutil
import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from elasticsearch import AsyncElasticsearch
from redis.asyncio import Redis as RedisClient

from infra.engines.elasticsearch import Elasticsearch
from infra.engines.engine import Engine, EngineError
from infra.engines.kafka import Kafka
from infra.engines.redis import Redis
from tests.cluster_engines import running

CLIENT_SECONDS_MAX = 20

Result = TypeVar("Result")


async def produce(kafka: Kafka, topic: str, values: list[bytes]) -> None:
    """Make a topic of one partition and put the values there, acknowledged."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, enable_idempotence=True, compression_type="lz4"
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def consumed(kafka: Kafka, topic: str, count: int) -> list[bytes | None]:
    """Return the first values of a topic's partition."""
    values: list[bytes | None] = []
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        while len(values) < count:
            values.append((await consumer.getone()).value)
    return values


def within_bound(work: Coroutine[Any, Any, Result]) -> Result:
    """Do what a client does, within 20 s."""
    return asyncio.run(asyncio.wait_for(work, CLIENT_SECONDS_MAX))


def crash(engine: Engine) -> None:
    """Kill an engine by its process id, and start it again: on the ports that it had."""
    pid, ports = engine.pid, engine.ports
    assert pid is not None
    engine.kill()
    assert engine.pid is None
    engine.start()
    assert engine.pid not in (None, pid)
    assert engine.ports == ports


def test_kafka_keeps_its_messages(kafka: Kafka) -> None:
    """What was acknowledged before kill -9 is consumed after it, in order."""
    topic, values = f"kept-{uuid4()}", [b"%d" % number for number in range(100)]
    within_bound(produce(kafka, topic, values))
    crash(kafka)
    assert within_bound(consumed(kafka, topic, 100)) == values


def test_elasticsearch_keeps_its_documents(elasticsearch: Elasticsearch) -> None:
    """What was indexed before kill -9 is found after it, by the official client."""
    index = f"kept-{uuid4()}"

    async def indexed() -> None:
        async with AsyncElasticsearch(elasticsearch.url) as client:
            await client.index(index=index, id="1", document={"title": "Statistics for nurses"})

    async def found() -> list[str]:
        async with AsyncElasticsearch(elasticsearch.url) as client:
            await client.indices.refresh(index=index)
            query = {"match": {"title": "statistics"}}
            answer = await client.search(index=index, query=query)
            return [hit["_source"]["title"] for hit in answer["hits"]["hits"]]

    within_bound(indexed())
    crash(elasticsearch)
    assert within_bound(found()) == ["Statistics for nurses"]


def test_redis_keeps_its_keys(redis_server: Redis) -> None:
    """What was set before kill -9 is there after it."""
    key = f"kept-{uuid4()}"

    async def put() -> None:
        async with RedisClient.from_url(redis_server.url) as client:
            await client.set(key, b"value")

    async def got() -> object:
        async with RedisClient.from_url(redis_server.url) as client:
            return await client.get(key)

    within_bound(put())
    crash(redis_server)
    assert within_bound(got()) == b"value"


@pytest.mark.parametrize("name", ["kafka", "elasticsearch", "redis_server"])
def test_nothing_is_run_as_root_or_reached_from_outside(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Each has the account of the engines where root starts it, and listens on loopback only."""
    engine: Engine = request.getfixturevalue(name)
    assert engine.pid is not None
    assert psutil.Process(engine.pid).uids().real != 0
    listening = {
        connection.laddr
        for connection in psutil.Process(engine.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} == set(engine.ports.values())


OTHER_REGISTRAR = """
import sys
from pathlib import Path
from infra.engines.redis import Redis
redis = Redis(Path(sys.argv[1]))
redis.start()
print(redis.pid, redis.url, flush=True)
sys.stdin.readline()
"""


def test_an_engine_dies_with_its_registrar_and_comes_back(folder: Path) -> None:
    """kill -9 of registrar ends the engine; the next start waits for that, and has the data."""
    with running(Redis):  # skips where there is none
        pass
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_REGISTRAR, str(folder / "redis")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    pid, url = other.stdout.readline().split()
    with redis.Redis.from_url(url) as client:
        client.set("key", b"value")
    other.kill()
    other.communicate()
    with Redis(folder / "redis") as engine, redis.Redis.from_url(engine.url) as client:
        assert engine.url == url
        assert client.get("key") == b"value"
        assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie"


def test_a_thread_that_ends_takes_no_engine_with_it(folder: Path) -> None:
    """The kernel tells a child of its parent's death when the starting thread ends."""
    with running(Redis) as engine:
        engine.stop()
        thread = threading.Thread(target=engine.start)
        thread.start()
        thread.join()
        with redis.Redis.from_url(engine.url) as client:
            for _ in range(20):
                assert client.ping()
                time.sleep(0.01)


def test_a_failed_start_says_why_and_leaves_nothing(folder: Path) -> None:
    """The error ends with the engine's log, and the folder can be used again."""

    class Wrong(Redis):
        def _command(self) -> list[str]:
            return [*super()._command(), "--nonsense", "yes"]

    with running(Redis):  # skips where there is none
        pass
    wrong = Wrong(folder / "redis")
    with pytest.raises(EngineError, match=r"Redis did not start[\s\S]*nonsense"):
        wrong.start()
    assert wrong.pid is None
    with Redis(folder / "redis") as engine, redis.Redis.from_url(engine.url) as client:
        assert client.ping()
