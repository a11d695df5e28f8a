"""One cluster for all tests of this folder that do not need one of their own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

import pytest

from infra.engines.elasticsearch import Elasticsearch
from infra.engines.kafka import Kafka
from infra.engines.redis import Redis
from tests.cluster.processes import Cluster, cluster
from tests.cluster.settling import sealing
from tests.cluster.small import Small
from tests.databases import Databases
from tests.faults.load import open_run

WELL_SECONDS_MAX = 30.0
PARTITIONS = 3
NOBODY = "http://127.0.0.1:9"
"""The discard port: nobody answers there."""


class Engines(NamedTuple):
    """What a cluster runs on, beside PostgreSQL."""

    kafka: Kafka
    elasticsearch: Elasticsearch
    redis: Redis

    def environment(self) -> dict[str, str]:
        """Return the settings of a cluster on them."""
        redis = {"REGISTRAR_REDIS_URL": self.redis.url}
        return settings(self.kafka, self.elasticsearch.url) | redis


def settings(kafka: Kafka, elasticsearch_url: str) -> dict[str, str]:
    """Return the settings of a cluster with names of its own."""
    return {
        "REGISTRAR_KAFKA": kafka.bootstrap,
        "REGISTRAR_ELASTICSEARCH_URL": elasticsearch_url,
        "REGISTRAR_CLUSTER": f"t{uuid4().hex[:8]}",
        "REGISTRAR_PARTITIONS": str(PARTITIONS),
    }


@pytest.fixture(scope="session")
def engines(kafka: Kafka, elasticsearch: Elasticsearch, redis_server: Redis) -> Engines:
    """All of them, running."""
    return Engines(kafka, elasticsearch, redis_server)


@pytest.fixture(scope="package")
def shared_cluster(databases_18: Databases, engines: Engines) -> Iterator[Cluster]:
    """A cluster with a course run to enrol in. Whoever kills something in it has it back."""
    with (
        TemporaryDirectory(prefix="registrar-cluster-") as folder,
        databases_18.fresh() as dsn,
        cluster(dsn, Path(folder), engines.environment() | sealing(Path(folder))) as one,
    ):
        open_run(one.commands)
        yield one


@pytest.fixture
def small(dsn: str, kafka: Kafka, tmp_path: Path) -> Iterator[Small]:
    """A small cluster with an empty log, that nobody searches."""
    one = Cluster(dsn, tmp_path, settings(kafka, NOBODY))
    try:
        yield Small(one, PARTITIONS)
    finally:
        one.stop()


@pytest.fixture
def running(shared_cluster: Cluster) -> Cluster:
    """The cluster, with every process of it well."""
    shared_cluster.well(WELL_SECONDS_MAX)
    return shared_cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes of a cluster said last where a test fails."""
    report = yield
    used = getattr(item, "funcargs", {})
    if report.failed and "running" in used:
        report.sections.append(("processes", used["running"].last_words()))
    if report.failed and "small" in used:
        report.sections.append(("processes", used["small"].cluster.last_words()))
    return report
