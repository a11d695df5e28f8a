"""Does whoever loses a role stop hearing of what goes on? Over HTTP, with a real issuer and log."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from infra.compose.embedded import embedded
from infra.serve import listen, url_of
from infra.settings.fields import Settings
from infra.web.apps import full_app
from infra.web.authentication import Authenticated
from infra.web.rates import Rates
from tests.databases import Databases
from tests.identity.issuer import Issuer, issuing
from tests.server import eventually

LOOKED_AT_EVERY_SECONDS = 0.2
SECONDS_MAX = 10.0
"""Within which a stream ends: it is looked at every so often, and roles are kept for a second."""
START_SECONDS_MAX = 30.0


def asker(url: str, token: str) -> httpx.Client:
    """Return a client of somebody with a token."""
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=SECONDS_MAX)


@contextmanager
def served(dsn: str, issuer: Issuer) -> Iterator[str]:
    """Serve a registrar that believes an issuer, in a thread; what it looks at once a minute it
    looks at often."""
    folder = tempfile.mkdtemp(prefix="registrar-revoked-")
    settings = Settings(
        database_url=dsn,
        data=folder,
        access="issuer",
        issuer=issuer.url,
        roles_claim="realm_access.roles",
        subject_claim="learner",
    )
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with embedded(settings) as registrar:
            app = full_app(registrar.commands.dependencies, registrar.reads, registrar.metrics)
            known = Authenticated(
                app, registrar.identify, Rates(), lambda _: None, LOOKED_AT_EVERY_SECONDS
            )
            config = uvicorn.Config(known, log_level="warning", lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([bound]))
            ready.set()
            await stop.wait()
            server.should_exit = server.force_exit = True
            await serving

    def run(work: Coroutine[Any, Any, None]) -> None:
        loop.run_until_complete(work)
        loop.close()

    with listen("127.0.0.1", 0) as bound:
        bound.listen()
        thread = threading.Thread(target=run, args=(serve(),), name="registrar", daemon=True)
        thread.start()
        try:
            assert ready.wait(START_SECONDS_MAX)
            yield url_of(bound)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(START_SECONDS_MAX)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def boss_and_ann(databases_18: Databases) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """An administrator and registrar, and somebody without a role."""
    with databases_18.fresh() as dsn, issuing() as issuer, served(dsn, issuer) as url:
        roles = {"roles": ["administrator", "registrar"]}
        token = issuer.token(learner="boss", realm_access=roles, amr=["pwd", "mfa"])
        with asker(url, token) as boss, asker(url, issuer.token(learner="ann")) as ann:
            yield boss, ann


def test_a_stream_ends_when_the_role_that_let_it_begin_is_revoked(
    boss_and_ann: tuple[httpx.Client, httpx.Client],
) -> None:
    """Within a bound, and in order; what is recorded from then on is not told; a new one is
    refused, and one of somebody else goes on."""
    boss, ann = boss_and_ann
    grant = {"holder": "ann", "role": "analyst"}
    stream = {"accept": "text/event-stream"}

    def status() -> int:
        return ann.get("/v1/events", headers={"accept": "application/json"}).status_code

    def sends(name: str, **body: str) -> None:
        assert boss.post(f"/v1/commands/{name}", json=body).status_code == 201

    assert status() == 403
    sends("grant-role", **grant)
    eventually(lambda: status() == 200, SECONDS_MAX, "the role counts")
    with (
        ann.stream("GET", "/v1/events", headers=stream) as mine,
        boss.stream("GET", "/v1/events", headers=stream) as others,
    ):
        assert (mine.status_code, others.status_code) == (200, 200)
        lines, theirs = mine.iter_lines(), others.iter_lines()
        sends("create-course", course="FIRST", title="Before")
        assert any("FIRST" in line for line in lines)
        sends("revoke-role", **grant)
        rest = "".join(lines)  # until it ends: a connection that was cut, or says nothing, raises
        sends("create-course", course="SECOND", title="After")
        assert "SECOND" not in rest
        assert any("SECOND" in line for line in theirs)
    assert status() == 403
