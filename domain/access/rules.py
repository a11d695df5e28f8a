"""Who may give which role to whom, and when is a grant refused?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.access.facts import RoleName
from domain.access.principal import Principal, Role
from domain.access.state import Access, Administrators, Held
from domain.kernel import Refusal

TEACHING = frozenset({Role.LEARNER, Role.INSTRUCTOR, Role.GRADER})
EVERY = frozenset(Role) - {Role.POLICY}
GRANTERS: Mapping[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: EVERY,
    Role.REGISTRAR: TEACHING,
}
"""Which roles each role may give and take."""
BY_SERVICES = EVERY - {Role.ADMINISTRATOR}
"""Which roles a program with the scope for it may give and take."""
TENANT_WIDE = frozenset({Role.ADMINISTRATOR, Role.IMPORTER})
"""What these may do is of no run."""


class OwnRole(Refusal):
    """Nobody grants themselves a role, nor takes one of their own away: two people stand behind
    each. Ask another administrator or registrar."""

    rule = "own-role"
    title = "Nobody changes their own roles"


class RoleNotYours(Refusal):
    """An administrator grants every role, a registrar those of teaching (learner, instructor,
    grader), a program all but administrator."""

    rule = "role-not-yours"
    title = "This role is for others to grant"


class RoleNotOfRuns(Refusal):
    """What administrators and importers may do is of no run; these roles are granted for the whole
    tenant."""

    rule = "role-not-of-runs"
    title = "This role is not held in runs"


class GrantIsOver(Refusal):
    """A role is granted until a time to come, or for good. To take one away now, use
    `revoke-role`."""

    rule = "grant-over"
    title = "The grant would be over already"


class LastAdministrator(Refusal):
    """A tenant keeps an administrator whose role was granted for good: without one nobody could
    grant another. Make somebody else administrator first."""

    rule = "last-administrator"
    title = "This is the last administrator"


def require_grantable(asking: Principal, holder: str, role: RoleName, run: str | None) -> None:
    """Raise OwnRole, RoleNotOfRuns or RoleNotYours."""
    if asking.actor == holder:
        raise OwnRole(f"{holder} may not change their own roles.", holder=holder)
    if run is not None and role in TENANT_WIDE:
        raise RoleNotOfRuns(f"The role {role} is granted for the whole tenant.", role=role)
    if role not in grantable(asking, run):
        raise RoleNotYours(f"You may not grant or revoke the role {role}.", role=role)


def require_to_come(until: datetime | None, now: datetime) -> None:
    """Raise GrantIsOver where the end of a grant has passed."""
    if until is not None and until <= now:
        raise GrantIsOver(f"The grant would end at {until.isoformat()}.", until=until.isoformat())


def require_another(administrators: Administrators, holder: str) -> None:
    """Raise LastAdministrator where nobody else is one for good."""
    if administrators.holders == {holder}:
        raise LastAdministrator(f"{holder} is the last administrator.", holder=holder)


def holds(access: Access, now: datetime) -> Mapping[tuple[RoleName, str | None], Held]:
    """Return the grants that hold at a time: before it ends, ``now < until``."""
    return {
        key: held for key, held in access.held.items() if held.until is None or now < held.until
    }


def grantable(asking: Principal, run: str | None) -> frozenset[Role]:
    """Return the roles that somebody may give and take, in a run or in the whole tenant."""
    if asking.service:
        return BY_SERVICES
    found: frozenset[Role] = frozenset()
    for role in asking.roles:
        found |= GRANTERS.get(role, frozenset())
    for role, runs in asking.runs.items():
        if run in runs:
            found |= GRANTERS.get(role, frozenset())
    return found
