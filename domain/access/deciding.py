"""May this one do that, to this record, in this run?"""

from __future__ import annotations

from typing import NamedTuple

from domain.access.permissions import JUDGING, OF_INSTALLATION, STRONG, Permission
from domain.access.principal import INSTALLATION, Principal, Role
from domain.access.roles import ROLES, SCOPES, WHOLE, Reach

STRONG_ACR = "urn:registrar:second-factor"
"""The authentication context that is asked for where a second factor is needed."""
STEP_UP = (
    'Bearer error="insufficient_user_authentication", '
    'error_description="A second factor is needed", '
    f'acr_values="{STRONG_ACR}"'
)
"""The challenge of RFC 9470."""


class NotPermitted(Exception):
    """Whoever asks lacks a permission, here or at all. Says nothing of what is there."""

    def __init__(self, permission: Permission | None) -> None:
        super().__init__(
            "Nobody may do this: it stands in no table of permissions."
            if permission is None
            else f"This takes the permission {permission}, which you do not have here."
        )
        self.permission = permission


class NotStrong(Exception):
    """Whoever asks must sign in with a second factor first."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"{permission} takes a sign-in with a second factor.")
        self.permission = permission


def may(
    asking: Principal,
    permission: Permission,
    run: str | None = None,
    subject: str | None = None,
) -> bool:
    """Whether a permission reaches this record in this run (None: none in particular, so that only
    what holds in the whole tenant will do)."""
    if _is_elsewhere(asking, permission):
        return False
    own = subject is not None and subject == asking.actor
    if own and permission in JUDGING:
        return False
    if asking.service:
        return _in_scope(asking, permission)
    if asking.scopes is not None and not _in_scope(asking, permission):
        return False
    for role in asking.roles:
        reach = ROLES[role].get(permission)
        if reach is not None and _reaches(reach, run is not None, own):
            return True
    for role, runs in asking.runs.items():
        reach = ROLES[role].get(permission)
        if reach is not None and run in runs and _reaches(reach, True, own):
            return True
    return False


def anywhere(asking: Principal, permission: Permission) -> bool:
    """Whether a permission reaches anything at all."""
    if _is_elsewhere(asking, permission):
        return False
    if asking.service:
        return _in_scope(asking, permission)
    if asking.scopes is not None and not _in_scope(asking, permission):
        return False
    return any(permission in ROLES[role] for role in asking.roles) or any(
        runs and permission in ROLES[role] for role, runs in asking.runs.items()
    )


def states_time(asking: Principal) -> bool:
    """Whether commands of this principal may carry ``occurred_at``."""
    return may(asking, Permission.STATE_TIME)


def require(
    asking: Principal,
    permission: Permission,
    run: str | None = None,
    subject: str | None = None,
) -> None:
    """Raise NotPermitted, or NotStrong where a second factor is what is missing."""
    if not may(asking, permission, run, subject):
        raise NotPermitted(permission)
    require_strong(asking, permission)


def require_strong(asking: Principal, permission: Permission) -> None:
    """Raise NotStrong where this takes a second factor that was not shown. A program that acts for
    itself has none to show, nor has a policy."""
    if not is_strong(asking, permission):
        raise NotStrong(permission)


def is_strong(asking: Principal, permission: Permission) -> bool:
    """Whether whoever asks has shown the second factor that this may take."""
    alone = asking.service or Role.POLICY in asking.roles
    return permission not in STRONG or asking.strong or alone


def _is_elsewhere(asking: Principal, permission: Permission) -> bool:
    return permission in OF_INSTALLATION and asking.tenant != INSTALLATION


def _in_scope(asking: Principal, permission: Permission) -> bool:
    return any(
        permission in SCOPES.get(scope, ())
        for scope in asking.scopes or ()
        if not (asking.service and scope == WHOLE)
    )


def _reaches(reach: Reach, in_run: bool, own: bool) -> bool:
    match reach:
        case Reach.TENANT:
            return True
        case Reach.RUNS:
            return in_run
        case Reach.OWN:
            return own


class Permitted(NamedTuple):
    """How far a permission reaches: the own record, these runs, the whole tenant."""

    own: bool
    runs: list[str]
    tenant: bool


def permitted(asking: Principal, permission: Permission) -> Permitted | None:
    """Say how far a permission reaches for somebody, by their roles; None: not at all."""
    if _is_elsewhere(asking, permission):
        return None
    own, everywhere = False, False
    runs: set[str] = set()
    for role in asking.roles:
        reach = ROLES[role].get(permission)
        own |= reach is Reach.OWN
        everywhere |= reach in (Reach.RUNS, Reach.TENANT)
    for role, some in asking.runs.items():
        reach = ROLES[role].get(permission)
        if reach is not None:
            own |= reach is Reach.OWN
            runs |= some if reach is not Reach.OWN else set()
    return Permitted(own, sorted(runs), everywhere) if own or runs or everywhere else None
