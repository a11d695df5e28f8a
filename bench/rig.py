"""What do the benchmarks of the log share: a server, an event loop, ready-made facts?"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from commands.ports import NewFact
from infra.engines.postgres import Postgres
from infra.migrations import migrate

T = TypeVar("T")

BODY = (
    b'{"id":"6f1c2f0e-8d4e-4c2a-9a57-0d7a52e3b1aa","type":"SubmissionReceived","schema":1,'
    b'"stream":"main/enrolment/AAA-2013J/oulad-0000000","occurred_at":"2013-11-18T00:00:00Z",'
    b'"tenant":"main","subject":"oulad-0000000","actor":"importer",'
    b'"command_id":"6f1c2f0e-8d4e-4c2a-9a57-0d7a52e3b1ab",'
    b'"correlation_id":"6f1c2f0e-8d4e-4c2a-9a57-0d7a52e3b1ab","causation_id":null,'
    b'"data":{"item":"1752","attempt":"1","number":1,"due":"2013-10-19T00:00:00Z",'
    b'"late_seconds":0,"content_version":1}}'
)


@contextmanager
def server() -> Iterator[Postgres]:
    """Run an embedded PostgreSQL with fsync on, migrated, in a folder that is removed after."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-bench-"))
    try:
        with Postgres(folder / "postgres") as postgres:
            migrate(postgres.dsn)
            yield postgres
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def library_environment(dsn: str) -> dict[str, str]:
    """Return how an application of the ``eventsourcing`` library keeps its events there."""
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": "registrar",
        "POSTGRES_HOST": dsn.rpartition("host=")[2].replace("%2F", "/"),
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": "registrar",
        "POSTGRES_PASSWORD": "none",
    }


def new_fact(stream: str, version: int) -> NewFact:
    """A fact of the usual size on a stream."""
    return NewFact(stream, version, "SubmissionReceived", "main", "oulad-0000000", BODY)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on the event loop that the server runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
