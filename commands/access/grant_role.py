"""How is somebody given a role?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Moment
from domain.access.facts import (
    AdministratorAdded,
    AdministratorRemoved,
    RoleGranted,
    RoleName,
    RoleRevoked,
)
from domain.access.rules import require_another, require_grantable, require_to_come
from domain.access.state import ACCESS, ADMINISTRATORS, Access, Administrators
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.kernel import StreamRef

ALL = "all"
"""The one stream of a tenant's administrators."""


class GrantRole(Command):
    """Give somebody a role, in one run or in the whole tenant, for good or until a time. Granted
    again with another end, the first grant is taken back."""

    holder: Id = Field(description="The pseudonym of a person, or of a program.")
    role: RoleName
    run: Id | None = Field(default=None, description="Where it holds; absent: in the whole tenant.")
    until: Moment | None = Field(
        default=None, description="It holds before then; absent: for good."
    )


def streams(command: GrantRole, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the holder's grants, the administrators, and the run if there is one."""
    of_run = () if command.run is None else (RUN.of(tenant, command.run),)
    return (ACCESS.of(tenant, command.holder), ADMINISTRATORS.of(tenant, ALL), *of_run)


def grant_role(
    command: GrantRole,
    context: Context,
    access: Access,
    administrators: Administrators,
    run: Run | None = None,
) -> Iterator[RoleGranted | RoleRevoked | AdministratorAdded | AdministratorRemoved]:
    """Yield the grant, nothing where it is held already until the same time.

    Raises OwnRole, RoleNotYours, RoleNotOfRuns, RunUnknown, GrantIsOver or LastAdministrator.
    """
    require_grantable(context.principal, command.holder, command.role, command.run)
    if run is not None and command.run is not None:
        require_run(run, command.run)
    held = access.held.get((command.role, command.run))
    if held is not None and held.until == command.until:
        return
    require_to_come(command.until, context.now)
    holder, was = command.holder, command.holder in administrators.holders
    if held is not None:
        yield RoleRevoked(holder, held.number, command.role, command.run)
    yield RoleGranted(holder, access.number + 1, command.role, command.run, command.until)
    if command.role == "administrator":
        if command.until is None and not was:
            yield AdministratorAdded(holder)
        elif command.until is not None and was:
            require_another(administrators, holder)
            yield AdministratorRemoved(holder)


DECISION = Decision(
    name="grant-role",
    model=GrantRole,
    streams=streams,
    decide=grant_role,
    unconditioned=frozenset({"run"}),
    example={
        "holder": "tutor-17",
        "role": "instructor",
        "run": "AAA-2013J",
        "until": "2030-08-01T00:00:00Z",
    },
)
