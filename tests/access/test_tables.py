"""Is every command and address in the table of permissions, and does it hold together?"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import BaseRoute

from commands.enrolment.transfer_enrolment import TransferEnrolment
from commands.permitting import require_any, require_for
from commands.register import DECISIONS
from domain.access import DEVELOPMENT, Principal, Role
from domain.access.commands import COMMANDS
from domain.access.deciding import NotPermitted, anywhere, may
from domain.access.permissions import JUDGING, Permission
from domain.access.queries import OPEN, PAGES, QUERIES
from domain.access.roles import ROLES, SCOPES, WHOLE
from domain.streams import REGISTRY
from infra.web.apps import query_app
from infra.web.metrics import Metrics
from read_api.gate import Gate

UNREAD: Any = None
BESIDE = {"/", "/console/static/{name}", "/console/{rest:path}", "/v1/commands"}
"""Addresses that tell nothing, or lead to where permissions are checked."""


def routes(of: Any) -> Iterator[BaseRoute]:
    """Yield the routes of an application, those of included routers among them."""
    for route in of.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from routes(inner)


@pytest.fixture(scope="module")
def all_routes() -> dict[str, BaseRoute]:
    deps: Any = SimpleNamespace(registry=REGISTRY, principal=lambda _: DEVELOPMENT, reads=None)
    app = query_app(deps, Metrics())
    return {route.path: route for route in routes(app)}  # type: ignore[attr-defined]


def test_every_command_is_in_the_table() -> None:
    assert set(COMMANDS) == set(DECISIONS)


def test_every_address_is_in_the_table(all_routes: dict[str, BaseRoute]) -> None:
    listed = {*QUERIES, *PAGES, *(f"{_data(page)}.json" for page in PAGES), *BESIDE}
    assert set(all_routes) - {"/v1/commands/{rest:path}"} == listed


def test_what_asks_for_a_permission_is_behind_the_gate(all_routes: dict[str, BaseRoute]) -> None:
    for path, asks in QUERIES.items():
        if asks != OPEN:
            assert isinstance(all_routes[path], APIRoute), path
            assert type(all_routes[path]).__name__ == "Gated", path


def test_an_address_without_entry_is_refused_to_everybody() -> None:
    """And a command, before its body is looked at."""
    scope = {"type": "http", "query_string": b"", "headers": []}
    with pytest.raises(NotPermitted):
        Gate(lambda _: DEVELOPMENT, QUERIES, UNREAD).enter("/v1/unheard-of", scope, {})
    with pytest.raises(NotPermitted):
        require_any(DEVELOPMENT, "unheard-of")


def test_whoever_everybody_is_may_do_everything() -> None:
    """But record that something was destroyed: only what destroys it does."""
    for permission in set(Permission) - {Permission.CARRY_OUT_ERASURE}:
        assert may(DEVELOPMENT, permission, "run", "somebody"), permission
    assert Role.POLICY not in DEVELOPMENT.roles


def _data(page: str) -> str:
    return "/console/overview" if page == "/console" else page


principals = st.builds(
    Principal,
    actor=st.sampled_from(["a", "b"]),
    tenant=st.just("main"),
    client=st.just("test"),
    roles=st.frozensets(st.sampled_from(Role)),
    runs=st.dictionaries(st.sampled_from(Role), st.frozensets(st.sampled_from(["r1", "r2"]))),
    scopes=st.none() | st.frozensets(st.sampled_from([*SCOPES, "openid", "nonsense"])),
    strong=st.booleans(),
)
asked = st.tuples(
    st.sampled_from(Permission),
    st.sampled_from([None, "r1", "r2"]),
    st.sampled_from([None, "a", "b"]),
)


@given(principals, asked, st.sampled_from(Role))
def test_another_role_never_takes_a_permission_away(
    one: Principal, what: tuple[Permission, str | None, str | None], role: Role
) -> None:
    more = msgspec.structs.replace(one, roles=one.roles | {role})
    assert may(more, *what) >= may(one, *what)
    in_run = msgspec.structs.replace(one, runs={**one.runs, role: frozenset({"r1", "r2"})})
    if not one.runs.get(role):
        assert may(in_run, *what) >= may(one, *what)


@given(principals, asked)
def test_scopes_add_nothing_for_whom_a_program_acts(
    one: Principal, what: tuple[Permission, str | None, str | None]
) -> None:
    whole = msgspec.structs.replace(one, scopes=None)
    assert may(whole, *what) >= may(one, *what)
    assert anywhere(whole, what[0]) >= anywhere(one, what[0])


@given(principals, asked)
def test_who_may_here_may_somewhere(
    one: Principal, what: tuple[Permission, str | None, str | None]
) -> None:
    assert anywhere(one, what[0]) >= may(one, *what)


@given(principals, st.sampled_from(sorted(JUDGING)), st.sampled_from([None, "r1"]))
def test_nobody_judges_themselves(one: Principal, what: Permission, run: str | None) -> None:
    assert not may(one, what, run, one.actor)


@given(principals, asked)
def test_a_role_in_runs_reaches_no_further(
    one: Principal, what: tuple[Permission, str | None, str | None]
) -> None:
    """Not into another run, and not into what is of no run."""
    held = msgspec.structs.replace(
        one, roles=frozenset(), runs={r: frozenset({"r1"}) for r in Role}
    )
    permission, run, subject = what
    if run != "r1":
        assert not may(held, permission, run, subject)


@pytest.mark.parametrize("held", [{"r1"}, {"r2"}, {"r1", "r2"}])
def test_a_command_about_two_runs_is_for_who_may_in_both(held: set[str]) -> None:
    """Moving a learner takes a right where they leave, and one where they come in."""
    asking = Principal("dean", "main", "app", frozenset(), {Role.REGISTRAR: frozenset(held)})
    permission = require_any(asking, "transfer-enrolment")
    command = TransferEnrolment(subject="s1", from_run="r1", to_run="r2")
    if held == {"r1", "r2"}:
        require_for(asking, permission, command)
        return
    with pytest.raises(NotPermitted):
        require_for(asking, permission, command)


@given(asked, st.sampled_from(sorted(SCOPES.keys() - {WHOLE})))
def test_a_service_may_what_its_scopes_say_and_nothing_else(
    what: tuple[Permission, str | None, str | None], scope: str
) -> None:
    service = Principal("lms", "main", "lms", frozenset(), {}, frozenset({scope}), service=True)
    assert may(service, *what) == (what[0] in SCOPES[scope])
    for scopes in (frozenset[str](), frozenset({WHOLE}), None):
        assert not may(msgspec.structs.replace(service, scopes=scopes), *what)


def test_an_auditor_writes_nothing_and_an_administrator_sees_no_grade() -> None:
    writing = set(COMMANDS.values())
    assert not writing & set(ROLES[Role.AUDITOR])
    assert not writing & set(ROLES[Role.ANALYST])
    records = {Permission.READ_RECORD, Permission.READ_GRADEBOOK, Permission.READ_PERSONAL}
    assert not records & set(ROLES[Role.ADMINISTRATOR])
    assert Permission.OVERRIDE_GRADES not in ROLES[Role.ADMINISTRATOR]
