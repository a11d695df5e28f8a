"""Is everybody let in where they may, and nowhere else? Every address and command over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from starlette.requests import HTTPConnection

from commands.register import DECISIONS
from domain.access import Principal, Role
from domain.access.queries import OPEN, PAGES, QUERIES
from infra.web.authentication import identified
from tests.access import spec
from tests.read_api.world import World

OWN_RUN, OTHER_RUN = "AAA-2013J", "BBB-2014B"
OWN, OTHER = "s1", "s2"
VALUES = {
    "course": "AAA",
    "item": "1752",
    "number": "1",
    "before": "0",
    "event": "CourseCreated",
    "version": "1",
    "level": "0",
    "named:path": "000.p/1",
    "name": "not-found",
    "export": "none",
    "job": "none",
    "batch": "none",
    "tenant": "none",
}
TOO_LONG = "k" * 201
"""No key of a command: who is let in is told so, and nothing is done."""

PRINCIPALS = {
    f"{role}@{run}" if run else role: Principal(
        actor=OWN,
        tenant="main",
        client="matrix",
        roles=frozenset() if run else frozenset({Role(role)}),
        runs={Role(role): frozenset({run})} if run else {},
        strong=True,
    )
    for role in spec.ROLES
    for run in (None, OWN_RUN)
}
ELSEWHERE = {
    f"{role} of another tenant": replace(PRINCIPALS[role], tenant="other") for role in spec.ROLES
}
TOLD = ("Module AAA", "TMA 1", "Wales", "tutor")
"""Words that only the first tenant has said."""


class Everybody:
    """A registrar that is asked by whoever the token names."""

    def __init__(self, one: World) -> None:
        self._world = one
        app = identified(one.but().app._app, self._identify)  # type: ignore[attr-defined]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://registrar")

    async def _identify(self, request: HTTPConnection) -> Principal:
        who = request.headers["authorization"].removeprefix("Bearer ")
        return (PRINCIPALS | ELSEWHERE)[who]

    def ask(self, who: str, requests: list[tuple[str, str, Any]]) -> list[httpx.Response]:
        """Send these requests, one after the other."""

        async def all_of_them() -> list[httpx.Response]:
            headers = {"authorization": f"Bearer {who}", "accept": "application/json"}
            return [
                await self.client.request(method, path, json=body, headers=headers)
                for method, path, body in requests
            ]

        return self._world.run(all_of_them())


@pytest.fixture(scope="module")
def everybody(furnished: World) -> Everybody:
    return Everybody(furnished)


def filled(path: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield an address with own and other runs and learners in it, and which those are."""
    names = set(re.findall(r"\{([^}]+)\}", path))
    who = {"subject", "actor"} & names
    chooses = path in spec.CHOOSING
    for run in (OWN_RUN, OTHER_RUN) if "run" in names else (None, OWN_RUN) if chooses else (None,):
        for subject in (OWN, OTHER) if who else (None, OWN) if chooses else (None,):
            values = VALUES | {"run": run, "subject": subject, "actor": subject}
            address = re.sub(r"\{([^}]+)\}", partial(_value, values), path)
            given = {"run": run if "run" not in names else None, "subject": subject}
            if who:
                del given["subject"]
            chosen = "&".join(f"{name}={value}" for name, value in given.items() if value)
            yield f"{address}?unheard=of&{chosen}", run, subject


def _value(values: Mapping[str, str | None], found: re.Match[str]) -> str:
    return str(values[found[1]])


def test_the_specification_names_every_address_and_command() -> None:
    """What is new has to be put into it by hand."""
    listed = {path for group in spec.ADDRESSES.values() for path in group.split()}
    all_paths = {path for path, asks in {**QUERIES, **PAGES}.items() if asks != OPEN}
    assert all_paths - spec.APART == (listed | spec.TELLING) - spec.APART
    assert {name for group in spec.COMMANDS.values() for name in group.split()} == set(DECISIONS)


@pytest.mark.parametrize("who", PRINCIPALS)
def test_every_address(everybody: Everybody, who: str) -> None:
    """A parameter that is not known shows who was let in: that is looked at afterwards."""
    role, _, held_in = who.partition("@")
    requests, expected = [], []
    for group, paths in spec.ADDRESSES.items():
        for path in paths.split():
            method = "POST" if path.endswith(("/preview", "/what-if")) else "GET"
            for address, run, subject in filled(path):
                requests.append((method, address, None))
                expected.append(
                    spec.allowed(group, role, run, subject, actor=OWN, held_in=held_in or None)
                )
    answers = everybody.ask(who, requests)
    found = [answer.status_code not in (401, 403) for answer in answers]
    wrong = [
        f"{address}: {answer.status_code}"
        for (_, address, _), answer, is_in, should in zip(
            requests, answers, found, expected, strict=True
        )
        if is_in != should
    ]
    assert wrong == []
    assert not [answer for answer in answers if answer.status_code >= 500]


def bodies(name: str) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
    """Yield a command about own and other runs and learners, and which those are."""
    example = DECISIONS[name].example
    for run in (OWN_RUN, OTHER_RUN) if "run" in example else (None,):
        for subject in (OWN, OTHER) if "subject" in example else (None,):
            about = {"run": run, "subject": subject}
            yield example | {key: value for key, value in about.items() if value}, run, subject


def wrongly_answered(
    everybody: Everybody, who: str, role: str, held_in: str | None, *, elsewhere: bool = False
) -> list[str]:
    """Send every command, and return those that were let in or refused wrongly; ``elsewhere``: from
    another tenant."""
    commands, expected = [], []
    for group, names in spec.COMMANDS.items():
        for name in names.split():
            for body, run, subject in bodies(name):
                commands.append({"name": name, "body": body, "key": TOO_LONG})
                if name == "transfer-enrolment":
                    run = None  # of two runs, the example's
                allowed = spec.allowed(group, role, run, subject, actor=OWN, held_in=held_in)
                expected.append(allowed and not (elsewhere and group in spec.OF_INSTALLATION))
    (answer,) = everybody.ask(who, [("POST", "/v1/commands", {"commands": commands})])
    results = [one["problem"]["type"] for one in answer.json()["results"]]
    return [
        f"{command['name']} {command['body'].get('run')} {command['body'].get('subject')}: {result}"
        for command, result, should in zip(commands, results, expected, strict=True)
        if result != ("/problems/malformed" if should else "/problems/not-permitted")
    ]


@pytest.mark.parametrize("who", PRINCIPALS)
def test_every_command(everybody: Everybody, who: str) -> None:
    """Alone or in a batch: each command of it stands alone."""
    role, _, held_in = who.partition("@")
    assert wrongly_answered(everybody, who, role, held_in or None) == []
    (single,) = everybody.ask(
        who, [("POST", "/v1/commands/count-seats", DECISIONS["count-seats"].example)]
    )
    assert (single.status_code == 403) == (role != "importer")


@pytest.mark.parametrize("role", spec.ROLES)
def test_every_address_and_command_from_another_tenant(everybody: Everybody, role: str) -> None:
    """The same role there lets in as far, to nothing of the first tenant: what has its run in the
    address is answered as what nobody has, and no answer says a word of it."""
    who = f"{role} of another tenant"
    requests, expected = [], []
    for group, paths in spec.ADDRESSES.items():
        for path in paths.split():
            names = set(re.findall(r"\{([^}]+)\}", path))
            run = OWN_RUN if "run" in names else None
            subject = OTHER if names & {"subject", "actor"} else None
            values = VALUES | {"run": run, "subject": subject, "actor": subject}
            address = re.sub(r"\{([^}]+)\}", partial(_value, values), path)
            method = "POST" if path.endswith(("/preview", "/what-if")) else "GET"
            requests.append((method, address, None))
            allowed = spec.allowed(group, role, run, subject, actor=OWN, held_in=None)
            expected.append((allowed and group not in spec.OF_INSTALLATION, run is not None))
    answers = everybody.ask(who, requests)
    wrong = [
        f"{address}: {answer.status_code}"
        for (_, address, _), answer, (should, in_run) in zip(
            requests, answers, expected, strict=True
        )
        if (answer.status_code not in (401, 403)) != should
        or answer.status_code >= 500
        or (in_run and answer.status_code < 400)
        or any(word in answer.text for word in TOLD)
    ]
    assert wrong == []
    assert wrongly_answered(everybody, who, role, None, elsewhere=True) == []
