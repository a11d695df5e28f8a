"""Where do tests get the engines of the cluster?

One of each for the whole session, begun when the first test asks for it. A test that kills one
starts it again; topics, indices and keys have names of the test's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from infra.engines.elasticsearch import Elasticsearch
from infra.engines.engine import Engine, EngineError
from infra.engines.kafka import Kafka
from infra.engines.redis import Redis
from tests.folders import enterable

Kind = TypeVar("Kind", bound=Engine)

KINDS: tuple[Callable[[Path], Engine], ...] = (Kafka, Elasticsearch, Redis)


@contextmanager
def running(kind: Callable[[Path], Kind]) -> Iterator[Kind]:
    """Run an engine in a folder of its own, removed afterwards; skip where it cannot be had.

    Not under pytest's folder: pytest takes the permissions away that the engine's account needs.
    """
    with enterable() as folder:
        try:
            engine = kind(folder / "engine")
        except EngineError as error:
            pytest.skip(str(error))
        with engine:
            yield engine


def had() -> tuple[list[str], list[str]]:
    """Return the names of the engines that can be had, and why the others cannot."""
    names, reasons = [], []
    for kind in KINDS:
        try:
            names.append(kind(Path(tempfile.gettempdir())).title)
        except EngineError as error:
            reasons.append(str(error))
    return names, reasons


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A running Kafka: ``kafka.bootstrap``."""
    with running(Kafka) as engine:
        yield engine


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch]:
    """A running Elasticsearch: ``elasticsearch.url``."""
    with running(Elasticsearch) as engine:
        yield engine


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A running Redis: ``redis_server.url``."""
    with running(Redis) as engine:
        yield engine
