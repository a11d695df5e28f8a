"""Are answers that are given to many the same as if each had been worked out?"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.access import DEVELOPMENT, Principal, Role
from domain.access.queries import QUERIES
from infra.cache.memory import MemoryHot
from infra.web.hot import HotAnswers
from infra.web.hot_entries import Hot
from read_api.gate import Gate
from read_api.reads import NotedRead, Read, ReadsAsked
from tests.cache.conftest import Open, eventually, run


class ReadApi:
    """Answers with the position that it is at, after waiting for what it is told to wait for."""

    def __init__(self) -> None:
        self.position = 1
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.status = 200
        self.more: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append(str(request.url))
        await self.gate.wait()
        if request.headers.get("if-none-match") == f'"p{self.position}"':
            answer = Response(status_code=304, headers={"etag": f'"p{self.position}"'})
        else:
            told = {"as_of": {"position": self.position}, "path": scope["path"], **self.more}
            answer = Response(
                msgspec.json.encode(told),
                self.status,
                {"etag": f'"p{self.position}"', "cache-control": "no-cache"},
                "application/json",
            )
        await answer(scope, receive, send)


class Unread:
    """Nobody's record is read here: everybody is the developer."""

    def note(self, read: Read) -> asyncio.Future[None]:
        raise AssertionError(read)

    async def find(self, asked: ReadsAsked, limit: int) -> list[NotedRead]:
        raise AssertionError((asked, limit))


class Asking:
    """A read API behind what is kept, and a client."""

    def __init__(self, hot: Hot) -> None:
        self.api = ReadApi()
        self.principal: Principal = DEVELOPMENT
        self.noted: list[str] = []
        self.app = HotAnswers(self.api, hot, Gate(self._who, QUERIES, Unread()), self.noted.append)

    def _who(self, _: HTTPConnection) -> Principal:
        return self.principal

    def noted_so_many(self, count: int) -> Callable[[], Coroutine[Any, Any, bool]]:
        """Whether so many requests got as far as to wait."""

        async def enough() -> bool:
            return len(self.noted) == count

        return enough

    async def kept(self, path: str, position: int = 1) -> None:
        """Wait until an answer is kept, which nobody else waits for."""

        async def given() -> bool:
            found = await self.get(path)
            return self.noted[-1] == "kept" and found.json()["as_of"]["position"] == position

        await eventually(given, 5)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://registrar") as client:
            return await client.get(
                path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )


def test_an_answer_is_worked_out_once(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            one, other = Asking(adapters.hot), Asking(adapters.hot)
            first = await one.get("/v1/runs?limit=5")
            await one.kept("/v1/runs?limit=5")
            again = await other.get("/v1/runs?limit=5&min_position=1")
            assert other.api.asked == []
            assert (again.content, again.headers) == (first.content, first.headers)
            assert (one.noted[0], other.noted) == ("made", ["kept"])

    run(test())


def test_min_position_never_gets_a_staler_answer(place: Open) -> None:
    """And what it got is kept for those who come after."""

    async def test() -> None:
        async with place() as adapters:
            one = Asking(adapters.hot)
            await one.kept("/v1/runs")
            asked = len(one.api.asked)
            one.api.position = 9
            assert (await one.get("/v1/runs")).json()["as_of"]["position"] == 1
            assert (await one.get("/v1/runs?min_position=2")).json()["as_of"]["position"] == 9
            await one.kept("/v1/runs", 9)
            assert len(one.api.asked) == asked + 1

    run(test())


def test_a_client_that_has_it_is_told_so(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            one = Asking(adapters.hot)
            tag = (await one.get("/v1/runs")).headers["etag"]
            await one.kept("/v1/runs")
            asked = len(one.api.asked)
            for wanted in (tag, f'"x", W/{tag}'):
                answer = await one.get("/v1/runs", if_none_match=wanted)
                assert (answer.status_code, answer.headers["etag"]) == (304, tag)
                assert answer.content == b""
            assert (await one.get("/v1/runs", if_none_match='"x"')).status_code == 200
            assert len(one.api.asked) == asked
            first = await one.get("/v1/search?q=a", if_none_match='"p1"')
            assert first.status_code == 304
            assert (await one.get("/v1/search?q=a")).json()["path"] == "/v1/search"

    run(test())


@pytest.mark.parametrize("tag", ['"7"', "*", 'W/"7"', '"x", "7"'])
def test_a_version_as_a_tag_is_left_to_the_read_api(tag: str) -> None:
    """One version of a stream may stand for more than one answer."""

    async def test() -> None:
        one = Asking(MemoryHot())
        for _ in range(2):
            await one.get("/v1/runs/R1", if_none_match=tag)
        assert len(one.api.asked) == 2

    run(test())


@pytest.mark.parametrize(
    "path",
    [
        "/v1/learners/s1",
        "/v1/enrolments/R1/s1",
        "/v1/events",
        "/v1/log",
        "/v1/runs?min_position=x",
        "/v1/runs?min_position=1&min_position=2",
        "/v1/runs?min_position=-1",
        "/v1/runs?min_position=%2B1",
        "/readyz",
        "/console",
    ],
)
def test_nothing_else_is_kept(path: str) -> None:
    async def test() -> None:
        one = Asking(MemoryHot())
        for _ in range(2):
            await one.get(path)
        assert len(one.api.asked) == 2
        assert one.noted == []

    run(test())


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 404},
        {"status": 503},
        {"more": {"incomplete": {"since": "2026-01-01T00:00:00Z"}}},
        {"more": {"reason": {"value": "plagiarism", "erased": False}}},
        {"more": {"much": "x" * 300_000}},
    ],
)
def test_problems_and_personal_and_incomplete_and_large_answers_are_not_kept(
    changes: dict[str, Any],
) -> None:
    async def test() -> None:
        one = Asking(MemoryHot())
        for name, value in changes.items():
            setattr(one.api, name, value)
        first = await one.get("/v1/certificates/c1")
        again = await one.get("/v1/certificates/c1")
        assert first.status_code == again.status_code == one.api.status
        assert first.content == again.content
        assert len(one.api.asked) == 2

    run(test())


def test_other_rights_get_their_own_answer(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            one = Asking(adapters.hot)
            for principal in (
                DEVELOPMENT,
                msgspec.structs.replace(DEVELOPMENT, tenant="other"),
                msgspec.structs.replace(DEVELOPMENT, roles=frozenset({Role.ANALYST})),
            ):
                one.principal = principal
                await one.get("/v1/runs")
                assert one.noted[-1] == "made"
                await one.kept("/v1/runs")
            one.principal = msgspec.structs.replace(DEVELOPMENT, actor="a colleague")
            await one.get("/v1/runs")
            assert one.noted[-1] == "kept"

    run(test())


def test_roles_in_other_runs_and_other_scopes_get_their_own_answer() -> None:
    """What a grader of one run may see is not shown to that of another."""

    async def test() -> None:
        one = Asking(MemoryHot(lambda: 0.0))
        for more in (
            {"runs": {Role.GRADER: frozenset({"R1"})}},
            {"runs": {Role.GRADER: frozenset({"R2"})}},
            {"runs": {Role.INSTRUCTOR: frozenset({"R2"})}},
            {"scopes": frozenset({"read"})},
            {"scopes": frozenset({"read", "personal"})},
            {"scopes": None},
        ):
            one.principal = msgspec.structs.replace(DEVELOPMENT, **more)
            for _ in range(2):
                await one.get("/v1/runs")
        assert one.noted == ["made", "kept"] * 6

    run(test())


def test_a_herd_is_answered_by_one(place: Open) -> None:
    """Whoever waits for a position does not hold up those who do not."""

    async def test() -> None:
        async with place() as adapters:
            one = Asking(adapters.hot)
            one.api.gate.clear()
            paths = itertools.cycle(["/v1/runs", "/v1/runs?min_position=1"])
            herd = [asyncio.create_task(one.get(next(paths))) for _ in range(100)]
            await eventually(one.noted_so_many(100), 10)
            assert len(one.api.asked) == 2
            herd[0].cancel()
            one.api.gate.set()
            answers = await asyncio.gather(*herd[1:])
            assert len({answer.content for answer in answers}) == 1
            assert one.noted.count("shared") == 98

    run(test())


def test_a_fault_is_told_to_all_who_wait() -> None:
    class Broken(ReadApi):
        async def __call__(self, *_: Any) -> None:
            await self.gate.wait()
            raise ZeroDivisionError

    async def test() -> None:
        one = Asking(MemoryHot())
        broken = Broken()
        one.app = HotAnswers(
            broken, MemoryHot(), Gate(one._who, QUERIES, Unread()), one.noted.append
        )
        broken.gate.clear()
        herd = [asyncio.create_task(one.get("/v1/runs")) for _ in range(3)]
        await eventually(one.noted_so_many(3), 10)
        broken.gate.set()
        answers = await asyncio.gather(*herd, return_exceptions=True)
        assert [type(answer) for answer in answers] == [ZeroDivisionError] * 3

    run(test())
