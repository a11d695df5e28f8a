"""Which parts make up a registrar in one process, with its database beside it?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from infra.compose.erasure import erasing
from infra.compose.identity import identifying
from infra.compose.keys import keeping_keys
from infra.compose.parts import (
    Commands,
    commanding,
    database,
    policies,
    querying,
    storing,
)
from infra.compose.signing_in import Entrance, signing_in
from infra.erasure.restored import until_erased
from infra.evidence.sealing import Sealing, sealing
from infra.following import RunnerProcess
from infra.keys.store import KeyStore
from infra.search.postgres import PostgresSearch
from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore
from infra.stores.reading import Pool
from infra.web.authentication import Identify
from infra.web.metrics import Metrics
from read_api.dependencies import ReadDependencies
from read_api.ports.search import SearchIndex
from read_api.ports.views import Views


class Registrar(NamedTuple):
    """The parts of one running process that others need."""

    commands: Commands
    reads: ReadDependencies
    runner: RunnerProcess
    store: PostgresStore
    keys: KeyStore
    metrics: Metrics
    identify: Identify
    entrance: Entrance


@asynccontextmanager
async def embedded(settings: Settings, origin: str | None = None) -> AsyncIterator[Registrar]:
    """Run everything: commands, policies and queries here, the readings in a child process.
    ``origin`` is the server's address as browsers know it; None: nobody asks over HTTP."""
    how = sealing(settings)
    if how is not None:
        how.signing()  # so that a key that cannot be used is told here, and made once
    held = database(settings)
    dsn = await asyncio.to_thread(held.__enter__)
    try:
        async with _parts(settings, dsn, how, origin) as registrar:
            yield registrar
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)


@asynccontextmanager
async def _parts(
    settings: Settings, dsn: str, how: Sealing | None, origin: str | None
) -> AsyncIterator[Registrar]:
    metrics, runner = Metrics(), RunnerProcess(dsn, how)
    async with (
        keeping_keys(settings, dsn) as keys,
        signing_in(settings, dsn, origin) as entrance,
        identifying(entrance.settings, dsn, keys, entrance.sessions) as identify,
        storing(dsn) as store,
        commanding(dsn, keys, metrics) as commands,
        querying(dsn, keys, store, lambda: runner.alive, _search) as reads,
        _child(runner, store),
        policies(dsn, commands),
        erasing(dsn, keys, commands),
    ):
        await until_erased(keys, dsn)
        yield Registrar(commands, reads, runner, store, keys, metrics, identify, entrance)


def _search(_: Pool, views: Views) -> SearchIndex:
    return PostgresSearch(views)


@asynccontextmanager
async def _child(runner: RunnerProcess, store: PostgresStore) -> AsyncIterator[None]:
    """Have the readings kept up for a while, from when there are tables to answer from."""
    await asyncio.to_thread(runner.start)
    try:
        await asyncio.to_thread(runner.wait_until_made, store)
        yield
    finally:
        await asyncio.to_thread(runner.stop)
