"""A whole registrar in a thread, with short ways to send commands and ask queries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx

from domain.access import DEVELOPMENT, Principal
from infra.compose.embedded import Registrar, embedded
from infra.settings.fields import Settings
from infra.web.apps import full_app
from infra.web.authentication import everybody_is, identified
from infra.web.metrics import Metrics
from read_api.ports.log import Selection

T = TypeVar("T")
SECONDS_MAX = 30.0
WAIT_SECONDS = 2.0
"""How long queries wait for a position here."""

COURSE = {"course": "AAA", "title": "Module AAA", "description": "A module of level 1."}
RUN = {
    "run": "AAA-2013J",
    "course": "AAA",
    "title": "Module AAA, October 2013",
    "starts": "2013-10-01T00:00:00Z",
    "ends": "2014-06-26T00:00:00Z",
    "modes": ["audit", "verified"],
    "certificate_modes": ["verified"],
    "occurred_at": "2013-05-01T08:00:00Z",
}
CONTENT = {
    "run": "AAA-2013J",
    "items": [
        {
            "item": "1752",
            "kind": "assignment",
            "title": "TMA 1",
            "category": "TMA",
            "due": "2013-10-20T23:59:59.999999Z",
        },
        {
            "item": "1753",
            "kind": "assignment",
            "title": "TMA 2",
            "category": "TMA",
            "due": "2013-11-20T23:59:59.999999Z",
        },
        {"item": "546614", "kind": "page", "title": "Home page", "label": "homepage"},
        {"item": "v1", "kind": "video", "title": "Welcome", "duration_ms": 300_000},
    ],
    "occurred_at": "2013-05-01T08:00:00Z",
}
POLICY = {
    "run": "AAA-2013J",
    "policy": {
        "kind": "weighted",
        "categories": [{"name": "TMA", "weight": "1"}],
        "cutoffs": [{"letter": "Distinction", "percent": 85}, {"letter": "Pass", "percent": 40}],
    },
    "occurred_at": "2013-05-01T08:00:00Z",
}
IN_RUN = {"run": "AAA-2013J"}


class World:
    """One registrar and its application, asked from a test's own thread."""

    def __init__(
        self,
        registrar: Registrar,
        loop: asyncio.AbstractEventLoop,
        principal: Principal = DEVELOPMENT,
        **swapped: Any,
    ) -> None:
        self.registrar = registrar
        self.reads = replace(registrar.reads, **{"wait_seconds": WAIT_SECONDS, **swapped})
        self.metrics = Metrics()
        self._unidentified = full_app(registrar.commands.dependencies, self.reads, self.metrics)
        self.loop = loop
        self.position = 0
        self._ask_as(principal)

    def _ask_as(self, principal: Principal) -> None:
        self.principal = principal
        self.app = identified(self._unidentified, everybody_is(principal))
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://registrar",
        )

    def but(self, **swapped: Any) -> World:
        """The same registrar, with some of what the read API runs on swapped."""
        other = World(self.registrar, self.loop, self.principal, **swapped)
        other.position = self.position
        return other

    def asked_by(self, principal: Principal) -> World:
        """The same application, where everybody is this one: to make one takes long."""
        other = copy(self)
        other._ask_as(principal)
        return other

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the registrar's loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(SECONDS_MAX)

    async def post(self, name: str, body: dict[str, Any]) -> httpx.Response:
        """Send a command from within the registrar's loop."""
        return await self._client.post(f"/v1/commands/{name}", json=body)

    def command(self, name: str, /, **body: Any) -> dict[str, Any]:
        """Send a command that is to be recorded, and return the answer."""
        answer = self.run(self.post(name, body))
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        self.position = max(self.position, found["position"])
        return found

    def certified(self, run: str, subject: str) -> None:
        """Wait until the policy that follows results has issued the certificate."""
        self.told("CertificateIssued", run, subject)

    def told(self, fact_type: str, run: str, subject: str) -> None:
        """Wait until a policy has had such a fact recorded of a learner."""
        wanted = Selection(types=(fact_type,), run=run, subject=subject)
        log = self.reads.log

        async def issued() -> int:
            async with asyncio.timeout(SECONDS_MAX):
                while True:
                    head = (await log.head()).position
                    if (await log.window(self.principal.tenant, 0, head, 1, wanted)).facts:
                        return head
                    await log.wait(head, SECONDS_MAX)

        self.position = max(self.position, self.run(issued()))

    def ask(self, path: str, **headers: str) -> httpx.Response:
        """Ask for an address, as it is."""
        return self.run(
            self._client.get(
                path, headers=[(name.encode(), value.encode()) for name, value in headers.items()]
            )
        )

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Ask a query that reads what was sent before, and return the answer."""
        given = {"min_position": self.position, **parameters}
        wanted = {name: value for name, value in given.items() if value is not None}
        answer = self.run(self._client.get(f"/v1/{path}", params=wanted))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, path: str, status: int, **parameters: Any) -> dict[str, Any]:
        """Ask what is to be answered with a problem, and return that."""
        answer = self.run(self._client.get(path, params=parameters or None))
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = answer.json()
        assert found["status"] == status
        return found


@contextmanager
def world(dsn: str, data: Path | None = None) -> Iterator[World]:
    """Run a registrar on a database for a while; ``data`` is where its keys are kept on."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="registrar", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(SECONDS_MAX)

    folder = TemporaryDirectory()
    held = embedded(Settings(database_url=dsn, data=str(data or folder.name), access="off"))
    try:
        registrar = run(held.__aenter__())
        try:
            yield World(registrar, loop)
        finally:
            run(held.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS_MAX)
        loop.close()
        folder.cleanup()


def furnish(one: World) -> None:
    """A course with a run, content and policy, and two learners: the first hands two pieces of work
    in (the second a day late), views, watches, withdraws and gets a certificate from the board."""
    one.command("create-course", **COURSE)
    one.command("schedule-run", **RUN)
    one.command("publish-content", **CONTENT)
    one.command("publish-grading-policy", **POLICY)
    s1, s2 = IN_RUN | {"subject": "s1"}, IN_RUN | {"subject": "s2"}
    one.command(
        "enrol-learner",
        **s1,
        mode="verified",
        demographics={"gender": "F", "region": "Wales"},
        occurred_at="2013-09-01T08:00:00Z",
    )
    one.command("enrol-learner", **s2, mode="audit", occurred_at="2013-09-02T08:00:00Z")
    one.command("submit-work", **s1, item="1752", attempt="1", occurred_at="2013-10-18T12:00:00Z")
    one.command(
        "grade-submission",
        **s1,
        item="1752",
        attempt="1",
        raw="78",
        grader="tutor",
        occurred_at="2013-10-18T18:00:00Z",
    )
    one.command("view-item", **s1, item="546614", occurred_at="2013-10-19T12:00:00Z")
    one.command(
        "watch-video",
        **s1,
        item="v1",
        start_ms=0,
        end_ms=30_000,
        rate="1",
        session="6a0b2f0e",
        occurred_at="2013-10-19T12:05:00Z",
    )
    one.command("submit-work", **s1, item="1753", attempt="1", occurred_at="2013-11-21T12:00:00Z")
    one.command(
        "grade-submission",
        **s1,
        item="1753",
        attempt="1",
        raw="60",
        grader="tutor",
        occurred_at="2013-11-22T18:00:00Z",
    )
    one.command("compute-grade", **s1, occurred_at="2014-06-01T08:00:00Z")
    one.certified(**s1)
    one.command("record-outcome", **s1, result="pass", occurred_at="2014-06-25T08:00:00Z")
