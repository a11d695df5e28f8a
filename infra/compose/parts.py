"""Which parts do both ways to run have in common?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from commands.app import CommandDependencies
from commands.batch import CommandReader, encode_results, run_batch
from commands.known import KnownOnly
from commands.pipeline import Pipeline
from commands.ports import Keys, LogUnavailable
from commands.register import DECISIONS
from commands.remembered import Answers, Remembering
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.compose.access import noting_reads
from infra.engines.keeping import kept
from infra.engines.postgres import Postgres
from infra.erasure.known import KnownLearners
from infra.evidence.reading import PostgresEvidence
from infra.keys.opener import KeyOpener
from infra.log.history import PostgresHistory
from infra.log.notices import Notices, PostgresSource, Source
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from infra.migrations import migrate
from infra.search.postgres import PostgresPast
from infra.settings.fields import Settings
from infra.stores.due import PostgresDue
from infra.stores.followers import PostgresFollowers
from infra.stores.jobs import PostgresJobs, keeping_jobs
from infra.stores.positions import PostgresPositions
from infra.stores.postgres import PostgresStore
from infra.stores.reading import Pool, read_pool
from infra.stores.retention import PostgresRetained
from infra.stores.views import PostgresViews
from infra.web.authentication import principal_of
from infra.web.metrics import Metrics
from infra.web.policies import read_policy
from infra.web.refusals import commands_told
from read_api.dependencies import ReadDependencies
from read_api.jobs import kinds
from read_api.ports.search import SearchIndex
from read_api.ports.views import Views
from streams.jobs import JobRunner
from streams.policies.clock import SteadyClock
from streams.policies.count_seats import CountSeats
from streams.policies.decide_modules import DecideModules
from streams.policies.dispatch import PipelineDispatch
from streams.policies.finalize_peer_scores import FinalizePeerScores
from streams.policies.follower import Follower
from streams.policies.issue_certificate import IssueCertificate
from streams.policies.policy import Policy
from streams.policies.redecide_lateness import RedecideLateness
from streams.policies.regrade import RegradeRun
from streams.policies.retention import Sweep
from streams.policies.scheduler import Scheduler

QUERY_CONNECTIONS_MAX = 8
EXPIRED_KEYS_MAX = 5_000
"""Command keys forgotten in one statement."""
FORGET_EVERY_SECONDS = 3_600

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Have a migrated database for a while, and give its address.

    The embedded server is started, unless ``database_url`` names one, started again where it ends,
    and stopped at the end if nobody else uses it. Raises EngineError or MigrationError.
    """
    if settings.database_url is not None:
        migrate(settings.database_url)
        yield settings.database_url
        return
    with Postgres(settings.folder / "postgres") as server, kept(server):
        migrate(server.dsn)
        yield server.dsn


def migrated(settings: Settings) -> list[str]:
    """Migrate the database, and return what was missing. Raises EngineError or MigrationError."""
    if settings.database_url is not None:
        return migrate(settings.database_url)
    with Postgres(settings.folder / "postgres") as server:
        return migrate(server.dsn)


class Commands(NamedTuple):
    """The parts that decide and append."""

    dependencies: CommandDependencies
    log: PostgresLog

    async def batch(self, body: bytes) -> bytes:
        """Do what ``POST /v1/commands`` does, without HTTP. Raises Malformed."""
        requests = self.dependencies.reader.read_batch(body, DEVELOPMENT)
        return encode_results(await run_batch(self.dependencies.pipeline, requests))


@asynccontextmanager
async def commanding(
    dsn: str, keys: Keys, metrics: Metrics, answers: Answers | None = None
) -> AsyncIterator[Commands]:
    """Have the pipeline of commands for a while; ``answers`` keeps those of commands with a key."""
    async with PostgresLog(dsn, REGISTRY, metrics.batch) as log:
        known = KnownLearners(dsn, keys)
        pipeline = KnownOnly(Pipeline(log, keys, REGISTRY, utc_now), known)
        try:
            yield Commands(
                CommandDependencies(
                    pipeline if answers is None else Remembering(pipeline, answers),
                    CommandReader(DECISIONS, await keys.digest_secret(), utc_now),
                    principal_of,
                    commands_told(metrics.answered),
                ),
                log,
            )
        finally:
            await asyncio.to_thread(known.close)


@asynccontextmanager
async def querying(
    dsn: str,
    keys: Keys,
    store: PostgresStore,
    runner_alive: Callable[[], bool],
    search: Callable[[Pool, Views], SearchIndex],
    sources: Sequence[Source] = (),
) -> AsyncIterator[ReadDependencies]:
    """Have what queries run on for a while; ``sources`` tell that readings moved, too."""
    notices = Notices(PostgresSource(dsn), *sources)
    async with (
        read_pool(dsn, QUERY_CONNECTIONS_MAX) as pool,
        keeping_jobs(dsn) as jobs,
        noting_reads(dsn) as noting,
    ):
        await notices.open()
        try:
            views = PostgresViews(pool)
            reads = ReadDependencies(
                views=views,
                search=search(pool, views),
                past=PostgresPast(views),
                log=PostgresHistory(pool, REGISTRY, notices),
                evidence=PostgresEvidence(pool),
                positions=PostgresPositions(pool, notices),
                status=store,
                opener=KeyOpener(keys),
                reads=noting,
                jobs=jobs,
                registry=REGISTRY,
                principal=principal_of,
                runner_alive=runner_alive,
                clock=utc_now,
                read_policy=read_policy,
            )
            async with working(reads, jobs):
                yield reads
        finally:
            await notices.close()


@asynccontextmanager
async def working(reads: ReadDependencies, queue: PostgresJobs) -> AsyncIterator[None]:
    """Do jobs for a while."""
    runner = JobRunner(queue, kinds(reads))
    task = asyncio.create_task(runner.run(), name="jobs")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def policies(dsn: str, commands: Commands) -> AsyncIterator[list[Follower]]:
    """Run every policy and the scheduler for a while, and forget command keys that are past their
    time."""
    followers, due, retained = PostgresFollowers(dsn), PostgresDue(dsn), PostgresRetained(dsn)
    all_policies: tuple[Policy, ...] = (
        IssueCertificate(followers),
        CountSeats(followers),
        RedecideLateness(followers),
        FinalizePeerScores(),
        RegradeRun(followers),
        DecideModules(followers, followers),
    )
    dispatch = PipelineDispatch(commands.dependencies.pipeline, commands.dependencies.reader)
    scheduler = Scheduler(due, followers, dispatch, SteadyClock())
    sweep = Sweep(retained, dispatch, SteadyClock())
    readers = [PostgresLogReader(dsn) for _ in all_policies]
    followed = [
        Follower(policy, own, followers, dispatch, REGISTRY)
        for policy, own in zip(all_policies, readers, strict=True)
    ]
    tasks = [asyncio.create_task(one.run(), name=one.policy.name) for one in followed]
    tasks.append(asyncio.create_task(scheduler.run(), name="scheduler"))
    tasks.append(asyncio.create_task(sweep.run(), name="retention"))
    forgetting = asyncio.create_task(_forget_expired_keys(commands.log), name="expired keys")
    try:
        yield followed
    finally:
        forgetting.cancel()
        scheduler.stop()
        sweep.stop()
        for one in followed:
            one.stop()
        await asyncio.gather(*tasks, forgetting, return_exceptions=True)
        for reader in readers:
            await asyncio.to_thread(reader.close)
        await asyncio.to_thread(followers.close)
        await asyncio.to_thread(due.close)
        await asyncio.to_thread(retained.close)


@asynccontextmanager
async def storing(dsn: str) -> AsyncIterator[PostgresStore]:
    """Have the store of the readings for a while."""
    store = PostgresStore(dsn)
    try:
        yield store
    finally:
        await asyncio.to_thread(store.close)


async def _forget_expired_keys(log: PostgresLog) -> None:
    while True:
        try:
            while await log.forget_expired_keys(EXPIRED_KEYS_MAX) == EXPIRED_KEYS_MAX:
                pass
        except LogUnavailable as error:
            _log.warning("expired command keys are forgotten another time: %s", error)
        await asyncio.sleep(FORGET_EVERY_SECONDS)
