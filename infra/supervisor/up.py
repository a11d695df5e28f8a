"""How does a whole cluster run on one machine, from the first line to the last?"""

from __future__ import annotations

import asyncio
import time

from commands.ports import LogUnavailable
from domain.streams import REGISTRY
from infra.cli.authorization import Bearer, Program
from infra.cli.errors import Failed
from infra.importers.oulad import example
from infra.importers.oulad.http import HttpSender
from infra.importers.oulad.replay import ReplayFailed
from infra.issuer.first_start import WrongCredential, about_password, read_credential
from infra.log.postgres import PostgresLog
from infra.process import Stop, run
from infra.settings.fields import Settings
from infra.supervisor.cluster import Cluster, held
from infra.supervisor.screen import Screen


def up(settings: Settings) -> None:
    """Run a cluster until Ctrl-C or SIGTERM. Raises EngineError, MigrationError or OSError."""
    run(_up(settings))


async def _up(settings: Settings) -> None:
    stop, ended, screen = Stop(), asyncio.Event(), Screen()
    stop.end = ended.set
    cluster = Cluster(settings, screen.told)
    with held(cluster.folder), screen.shown(lambda: cluster.all):
        screen.say(f"registrar: a cluster over the data in {settings.folder}")
        running = asyncio.create_task(_run(cluster, settings, screen))
        asked = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
                await asked
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await cluster.stop()
    screen.say("registrar: stopped")


async def _run(cluster: Cluster, settings: Settings, screen: Screen) -> None:
    """Start everything, say where it is, and give an empty log its example."""
    started = time.monotonic()
    await cluster.start_engines()
    await cluster.start_processes()
    for api in cluster.apis:
        await api.ready.wait()
    for line in (
        f"  ready in {time.monotonic() - started:.1f} s",
        f"  console             {cluster.query_url}/console",
        f"  read API            {cluster.query_url}/v1/runs    (documentation: /docs)",
        f"  command API         {cluster.command_url}/v1/commands    (documentation: /docs)",
        f"  logs                {cluster.logs}",
        "  Ctrl-C stops it; nothing is lost",
    ):
        screen.say(line)
    if cluster.password is not None:
        for line in about_password(cluster.password):
            screen.say(line)
    if settings.example:
        await _example(cluster, settings, screen)


async def _example(cluster: Cluster, settings: Settings, screen: Screen) -> None:
    """Give an empty log a real course run; go on where an earlier start was interrupted."""
    try:
        async with PostgresLog(cluster.dsn, REGISTRY) as log:
            if not await example.wanted(log):
                return
        screen.say(f"  loading OULAD run {example.RUN} as an example …")
        started = time.monotonic()
        own = read_credential(settings.folder) if settings.access == "development" else None
        auth = None if own is None else Bearer(Program(*own))
        async with HttpSender(cluster.command_url, auth) as sender:
            commands = await example.load(sender)
    except (LogUnavailable, ReplayFailed, WrongCredential, Failed) as error:
        screen.say(f"  the example is not loaded: {error}; the next start goes on with it")
        return
    screen.say(f"  loaded: {commands:,} commands in {time.monotonic() - started:.1f} s")
