"""How is a role taken away?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.access.grant_role import ALL
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.access.facts import AdministratorRemoved, RoleName, RoleRevoked
from domain.access.rules import require_another, require_grantable
from domain.access.state import ACCESS, ADMINISTRATORS, Access, Administrators
from domain.kernel import StreamRef


class RevokeRole(Command):
    """Take a role away that was granted, in one run or in the whole tenant."""

    holder: Id = Field(description="The pseudonym of a person, or of a program.")
    role: RoleName
    run: Id | None = Field(default=None, description="As it was granted.")


def streams(command: RevokeRole, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the holder's grants and the administrators."""
    return (ACCESS.of(tenant, command.holder), ADMINISTRATORS.of(tenant, ALL))


def revoke_role(
    command: RevokeRole, context: Context, access: Access, administrators: Administrators
) -> Iterator[RoleRevoked | AdministratorRemoved]:
    """Yield it, nothing where there is no such grant.

    Raises OwnRole, RoleNotYours, RoleNotOfRuns or LastAdministrator.
    """
    require_grantable(context.principal, command.holder, command.role, command.run)
    held = access.held.get((command.role, command.run))
    if held is None:
        return
    yield RoleRevoked(command.holder, held.number, command.role, command.run)
    if command.role == "administrator" and command.holder in administrators.holders:
        require_another(administrators, command.holder)
        yield AdministratorRemoved(command.holder)


DECISION = Decision(
    name="revoke-role",
    model=RevokeRole,
    streams=streams,
    decide=revoke_role,
    example={"holder": "tutor-17", "role": "instructor", "run": "AAA-2013J"},
)
