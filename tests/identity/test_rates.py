"""Who is told to wait, and whose requests count for whom?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import msgspec
import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from domain.access import DEVELOPMENT, Principal, Role
from infra.cache.memory import MemoryLimits
from infra.identity.errors import WrongToken
from infra.web.authentication import Authenticated, NotSignedIn, principal_of
from infra.web.rates import Rates, limited

ANN = Principal("ann", "main", "console", frozenset({Role.LEARNER}))
BOB = msgspec.structs.replace(ANN, actor="bob")
EVA = msgspec.structs.replace(ANN, actor="eva", client="app")
OTHER = msgspec.structs.replace(ANN, tenant="arts")
PEOPLE = {"ann": ANN, "bob": BOB, "eva": EVA, "other": OTHER, "developer": DEVELOPMENT}


def still(number: int) -> MemoryLimits:
    """So many requests, and never another one."""
    return MemoryLimits(1, number, lambda: 0.0)


class Door:
    """An application behind limits, and all that it told."""

    def __init__(self, rates: Rates) -> None:
        self.turned_away: list[str] = []

        async def who(request: HTTPConnection) -> Principal:
            name = request.headers.get("x-name")
            if name is None:
                raise NotSignedIn
            if name not in PEOPLE:
                raise WrongToken("Nobody.")
            return PEOPLE[name]

        app = limited(Response("in"), rates, principal_of, lambda: None)
        self.app = Authenticated(app, who, rates, self.turned_away.append)

    def statuses(self, *names: str | None, path: str = "/v1/runs") -> list[int]:
        """Ask as these, one after another."""

        async def ask() -> list[int]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://one") as client:
                asked = [
                    await client.get(path, headers={} if name is None else {"x-name": name})
                    for name in names
                ]
                return [answer.status_code for answer in asked]

        return asyncio.run(ask())


@pytest.mark.parametrize(
    ("rates", "names", "statuses"),
    [
        (Rates(still(2)), ("ann", "bob", "ann", "eva"), [200, 200, 429, 200]),
        (Rates(None, still(2)), ("ann", "ann", "ann", "bob"), [200, 200, 429, 200]),
        (Rates(still(3), still(2)), ("ann",) * 9 + ("bob",), [200, 200, *[429] * 7, 200]),
        (Rates(still(1), still(9)), ("ann", "other", "ann"), [200, 200, 429]),
        (Rates(still(2)), ("developer",) * 3, [200, 200, 429]),
        (Rates(), ("ann", None, "nobody"), [200, 401, 401]),
    ],
    ids=[
        "a program, whoever uses it",
        "a person, whatever they use",
        "who is refused takes nothing from others",
        "tenants apart",
        "by address while everybody is the developer",
        "no limits",
    ],
)
def test_requests_count_for_program_and_person(
    rates: Rates, names: Sequence[str], statuses: list[int]
) -> None:
    assert Door(rates).statuses(*names) == statuses


def test_who_is_not_known_counts_by_address() -> None:
    """Tokens that are tried out, and none; those who are known go on."""
    door = Door(Rates(still(2)))
    assert door.statuses(None, "nobody", None, "nobody", "ann") == [401, 401, 429, 429, 200]
    assert door.turned_away == [
        "not-signed-in",
        "wrong-token",
        "too-many-requests",
        "too-many-requests",
    ]


def test_what_is_open_does_not_count() -> None:
    door = Door(Rates(still(1), still(1)))
    assert door.statuses(*[None] * 5, path="/healthz") == [200] * 5
    assert door.statuses("ann", "ann") == [200, 429]
