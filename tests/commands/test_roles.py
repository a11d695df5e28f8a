"""Who may give which role to whom?"""

from __future__ import annotations

import pytest

from domain.access import Principal, Role
from domain.access.facts import (
    AdministratorAdded,
    AdministratorRemoved,
    RoleGranted,
    RoleName,
    RoleRevoked,
)
from domain.access.rules import (
    GrantIsOver,
    LastAdministrator,
    OwnRole,
    RoleNotOfRuns,
    RoleNotYours,
)
from domain.catalogue.rules import RunUnknown
from tests.given import ENROLLED, NOON, RUN_ID, day, given

LATER = day(30)
TUTOR = {"holder": "tutor", "role": "instructor", "run": RUN_ID}
DEAN = {"holder": "dean", "role": "administrator"}
GRANTED = RoleGranted("tutor", 1, "instructor", RUN_ID)


def somebody(role: Role, actor: str = "somebody") -> Principal:
    """Return who has this role in the tenant."""
    return Principal(actor, "main", "test", frozenset({role}))


def test_a_role_is_granted_taken_and_granted_again() -> None:
    record = given(*ENROLLED).when("grant-role", **TUTOR).then(GRANTED)
    record.when("grant-role", **TUTOR).nothing()
    record.when("revoke-role", **TUTOR).then(RoleRevoked("tutor", 1, "instructor", RUN_ID))
    record.when("revoke-role", **TUTOR).nothing()
    record.when("grant-role", **TUTOR).then(RoleGranted("tutor", 2, "instructor", RUN_ID))


def test_another_end_is_another_grant() -> None:
    record = given(*ENROLLED, GRANTED)
    until = {**TUTOR, "until": LATER.isoformat()}
    record.when("grant-role", **until).then(
        RoleRevoked("tutor", 1, "instructor", RUN_ID),
        RoleGranted("tutor", 2, "instructor", RUN_ID, LATER),
    )
    record.when("grant-role", **until).nothing()


def test_a_grant_ends_in_time_to_come() -> None:
    record = given(*ENROLLED)
    record.when("grant-role", **TUTOR, until=NOON.isoformat()).refused(GrantIsOver)


def test_a_role_is_held_in_a_run_that_there_is() -> None:
    given().when("grant-role", **TUTOR).refused(RunUnknown, run=RUN_ID)


@pytest.mark.parametrize("role", ["administrator", "importer"])
def test_some_roles_are_of_no_run(role: str) -> None:
    body = {**TUTOR, "role": role}
    given(*ENROLLED).when("grant-role", **body).refused(RoleNotOfRuns, role=role)


@pytest.mark.parametrize("command", ["grant-role", "revoke-role"])
def test_nobody_changes_their_own_roles(command: str) -> None:
    """An administrator neither, whatever the role."""
    asking = somebody(Role.ADMINISTRATOR)
    body = {"holder": asking.actor, "role": "auditor"}
    given().when(command, NOON, asking, **body).refused(OwnRole, holder=asking.actor)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("learner", True),
        ("instructor", True),
        ("grader", True),
        ("registrar", False),
        ("auditor", False),
        ("analyst", False),
        ("administrator", False),
        ("importer", False),
    ],
)
def test_a_registrar_grants_what_is_of_teaching(role: RoleName, may: bool) -> None:
    answer = given().when("grant-role", NOON, somebody(Role.REGISTRAR), holder="tutor", role=role)
    if may:
        answer.then(RoleGranted("tutor", 1, role))
    else:
        answer.refused(RoleNotYours, role=role)
    everything = somebody(Role.ADMINISTRATOR)
    assert not given().when("grant-role", NOON, everything, holder="tutor", role=role).refusal


def test_a_registrar_of_a_run_grants_in_that_run() -> None:
    asking = Principal("x", "main", "test", frozenset(), {Role.REGISTRAR: frozenset({RUN_ID})})
    given(*ENROLLED).when("grant-role", NOON, asking, **TUTOR).then(GRANTED)
    everywhere = {"holder": "tutor", "role": "instructor"}
    given().when("grant-role", NOON, asking, **everywhere).refused(RoleNotYours)


def test_a_program_makes_no_administrator() -> None:
    program = Principal("scim", "main", "scim", frozenset(), {}, frozenset({"roles"}), service=True)
    given().when("grant-role", NOON, program, **DEAN).refused(RoleNotYours)
    given().when("grant-role", NOON, program, holder="x", role="auditor").then(
        RoleGranted("x", 1, "auditor")
    )


def test_the_last_administrator_stays() -> None:
    """One for some time does not count: when it ends, nobody would be left."""
    record = (
        given()
        .when("grant-role", **DEAN)
        .then(RoleGranted("dean", 1, "administrator"), AdministratorAdded("dean"))
    )
    record.when("grant-role", holder="guest", role="administrator", until=LATER.isoformat()).then(
        RoleGranted("guest", 1, "administrator", None, LATER)
    )
    record.when("revoke-role", **DEAN).refused(LastAdministrator, holder="dean")
    record.when("grant-role", **DEAN, until=LATER.isoformat()).refused(LastAdministrator)
    record.when("grant-role", holder="other", role="administrator")
    record.when("revoke-role", **DEAN).then(
        RoleRevoked("dean", 1, "administrator"), AdministratorRemoved("dean")
    )
    record.when("revoke-role", holder="guest", role="administrator").then(
        RoleRevoked("guest", 1, "administrator")
    )
