"""Does every address answer as the OpenAPI document says, whatever is sent to it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from domain.access import DEVELOPMENT, Principal, Role
from infra.web.authentication import NotSignedIn, identified
from infra.web.guard import Guard
from tests.databases import Databases
from tests.read_api.world import World, furnish, world

# The registrar draws at random in its own thread, which Hypothesis takes for the strategies' doing.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

EXAMPLES, EXAMPLES_OTHERS = 4, 1
"""For each address, of whoever may do everything and of the others; always the same ones."""
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS = "/v1/events"
KNOWN = {
    "course": "AAA",
    "run": "AAA-2013J",
    "subject": "s1",
    "item": "1752",
    "attempt": "1",
    "position": 3,
    "number": 1,
    "before": 1,
}
"""What there is, for a second try with what was made up: to get beyond "no such thing"."""
LEARNER = Principal("s1", "main", "app", frozenset({Role.LEARNER}))
STRANGER = Principal("nobody-knows", "main", "app", frozenset())


@pytest.fixture(scope="module")
def one(databases_18: Databases) -> Iterator[World]:
    """A registrar with something in it."""
    with databases_18.fresh() as dsn, world(dsn) as made:
        furnish(made)
        yield made


def faults(one: World, app: ASGIApp, examples: int) -> dict[str, str]:
    """Send what the document allows to every address; return what was answered otherwise than the
    document says, one for each address."""
    found: dict[str, str] = {}
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(Guard(app), raise_app_exceptions=False),
        base_url="http://registrar",
    )
    document = schemathesis.openapi.from_dict(_plain(one.ask("/openapi.json").json()))
    for result in document.get_all_operations():
        operation = result.ok()

        def answers_as_described(case: Any) -> None:
            for known in ({}, KNOWN):
                wrong = _wrong(case, one.run(client.send(_request(client, case, known))))
                if wrong is not None:
                    found.setdefault(case.operation.label, wrong)

        given(case=operation.as_strategy())(
            settings(
                max_examples=examples,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(answers_as_described)
        )()
    return found


def _plain(part: Any) -> Any:
    """Say pairs as lists, since the validator mixes up two ways to say them."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "prefixItems" in part:
        part = {**part, "items": {"anyOf": part["prefixItems"]}}
        del part["prefixItems"]
    return {name: _plain(one) for name, one in part.items()}


def _request(client: httpx.AsyncClient, case: Any, known: dict[str, Any]) -> httpx.Request:
    for made_up in (case.path_parameters, case.body):
        if isinstance(made_up, dict):
            made_up.update({name: known[name] for name in made_up.keys() & known.keys()})
    sent = case.as_transport_kwargs(base_url="http://registrar")
    headers = httpx.Headers(dict(sent.get("headers") or {}))
    if case.operation.path == STREAMS:
        headers["accept"] = "application/json"  # the other form has no end
    return client.build_request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers=headers,
        json=sent.get("json"),
        content=sent.get("data"),
    )


def _wrong(case: Any, response: httpx.Response) -> str | None:
    """Return what is wrong with an answer. That something is not read yet is a right answer."""
    asked = f"{response.request.method} {response.request.url}: {response.status_code}"
    if response.status_code >= 500 and not response.text.startswith('{"type":"/problems/not-yet"'):
        return f"{asked} {response.text[:300]}"
    try:
        told = schemathesis.Response.from_httpx(response, verify=False)
        case.validate_response(told, checks=CHECKS)
    except BaseExceptionGroup as error:
        return f"{asked} {error.exceptions}"
    return None


@pytest.mark.parametrize(
    ("principal", "examples"),
    [(DEVELOPMENT, EXAMPLES), (LEARNER, EXAMPLES_OTHERS), (STRANGER, EXAMPLES_OTHERS)],
    ids=["everything", "learner", "nothing"],
)
def test_every_address_answers_as_the_document_says(
    one: World, principal: Principal, examples: int
) -> None:
    """Whatever is sent, by whoever may do everything, little or nothing: a status, a media type,
    headers and a body that are documented; and never a fault of ours."""
    asked = World(one.registrar, one.loop, principal, wait_seconds=0.01)
    assert not faults(asked, asked.app, examples)


def test_so_it_does_without_a_token(one: World) -> None:
    """Then everything but what is open is 401."""

    async def nobody(_: HTTPConnection) -> Principal:
        raise NotSignedIn

    assert not faults(one, identified(one.app, nobody), EXAMPLES_OTHERS)
