"""Which parts make up a running registrar? The one place that names every adapter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.requests import HTTPConnection

from commands.app import CommandDependencies
from commands.batch import CommandReader, encode_results, run_batch
from commands.pipeline import Pipeline
from commands.ports import LogUnavailable
from commands.register import DECISIONS
from domain.access import DEVELOPMENT, Principal
from domain.streams import REGISTRY
from infra.engines.postgres import Postgres
from infra.following import RunnerProcess
from infra.keys.opener import KeyOpener
from infra.keys.postgres import PostgresKeys
from infra.log.history import PostgresHistory
from infra.log.notices import Notices
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from infra.migrations import migrate
from infra.pools import async_pool
from infra.settings import Settings
from infra.stores.followers import PostgresFollowers
from infra.stores.postgres import PostgresStore
from infra.stores.views import PostgresPositions, PostgresViews, read_pool
from infra.web.metrics import Metrics
from read_api.dependencies import ReadDependencies
from streams.policies.count_seats import CountSeats
from streams.policies.dispatch import PipelineDispatch
from streams.policies.follower import Follower
from streams.policies.issue_certificate import IssueCertificate
from streams.policies.policy import Policy

QUERY_CONNECTIONS_MAX = 8
KEY_CONNECTIONS_MAX = 3
EXPIRED_KEYS_MAX = 5_000
"""Command keys forgotten in one statement."""
FORGET_EVERY_SECONDS = 3_600

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def development(_request: HTTPConnection) -> Principal:
    """Say who asks: everybody is the developer, until access control exists."""
    return DEVELOPMENT


class Registrar(NamedTuple):
    """The parts of one running process that others need."""

    commands: CommandDependencies
    reads: ReadDependencies
    log: PostgresLog
    runner: RunnerProcess
    store: PostgresStore
    metrics: Metrics

    async def batch(self, body: bytes) -> bytes:
        """Do what ``POST /v1/commands`` does, without HTTP. Raises Malformed."""
        requests = self.commands.reader.read_batch(body, DEVELOPMENT)
        return encode_results(await run_batch(self.commands.pipeline, requests))


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Have a migrated database for a while, and give its address.

    The embedded server is started, unless ``database_url`` names one, and stopped at the end if
    nobody else uses it. Raises EngineError or MigrationError.
    """
    if settings.database_url is not None:
        migrate(settings.database_url)
        yield settings.database_url
        return
    with Postgres(settings.folder / "postgres") as server:
        migrate(server.dsn)
        yield server.dsn


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Registrar]:
    """Run everything: commands, policies and queries here, the readings in a child process."""
    held = database(settings)
    dsn = await asyncio.to_thread(held.__enter__)
    try:
        async with _parts(dsn) as registrar:
            yield registrar
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)


@asynccontextmanager
async def _parts(dsn: str) -> AsyncIterator[Registrar]:
    keys_pool = async_pool(dsn, KEY_CONNECTIONS_MAX)
    queries_pool = read_pool(dsn, QUERY_CONNECTIONS_MAX)
    notices = Notices(dsn)
    store = PostgresStore(dsn)
    followers = PostgresFollowers(dsn)
    runner = RunnerProcess(dsn)
    metrics = Metrics()
    async with keys_pool, queries_pool, PostgresLog(dsn, REGISTRY, metrics.batch) as log:
        keys = PostgresKeys(keys_pool)
        await notices.open()
        commands = CommandDependencies(
            Pipeline(log, keys, REGISTRY, utc_now),
            CommandReader(DECISIONS, await keys.digest_secret(), utc_now),
            development,
            metrics.answered,
        )
        reads = ReadDependencies(
            views=PostgresViews(queries_pool),
            log=PostgresHistory(queries_pool, REGISTRY, notices),
            positions=PostgresPositions(queries_pool, notices),
            status=store,
            opener=KeyOpener(keys),
            registry=REGISTRY,
            principal=development,
            runner_alive=lambda: runner.alive,
            clock=utc_now,
        )
        dispatch = PipelineDispatch(commands.pipeline, commands.reader)
        policies: tuple[Policy, ...] = (IssueCertificate(), CountSeats(followers))
        readers = [PostgresLogReader(dsn) for _ in policies]
        followed = [
            Follower(policy, own, followers, dispatch, REGISTRY)
            for policy, own in zip(policies, readers, strict=True)
        ]
        await asyncio.to_thread(runner.start)
        following = [asyncio.create_task(one.run(), name=one.policy.name) for one in followed]
        forgetting = asyncio.create_task(_forget_expired_keys(log), name="expired keys")
        try:
            await asyncio.to_thread(runner.wait_until_made, store)
            yield Registrar(commands, reads, log, runner, store, metrics)
        finally:
            forgetting.cancel()
            for one in followed:
                one.stop()
            await asyncio.gather(*following, forgetting, return_exceptions=True)
            await asyncio.to_thread(runner.stop)
            await notices.close()
            for reader in readers:
                await asyncio.to_thread(reader.close)
            await asyncio.to_thread(store.close)
            await asyncio.to_thread(followers.close)


async def _forget_expired_keys(log: PostgresLog) -> None:
    while True:
        try:
            while await log.forget_expired_keys(EXPIRED_KEYS_MAX) == EXPIRED_KEYS_MAX:
                pass
        except LogUnavailable as error:
            _log.warning("expired command keys are forgotten another time: %s", error)
        await asyncio.sleep(FORGET_EVERY_SECONDS)
