"""May whoever sends this command have it decided?"""

from __future__ import annotations

from commands.decision import Command
from domain.access import Principal
from domain.access.commands import COMMANDS
from domain.access.deciding import NotPermitted, anywhere, may, require_strong
from domain.access.permissions import Permission

_RUNS = ("run", "from_run", "to_run")
_SUBJECT = "subject"


def require_any(asking: Principal, name: str) -> Permission:
    """Return the permission that a command takes, before its body is read. Raises NotPermitted
    where it reaches nothing, whatever the body says."""
    permission = COMMANDS.get(name)
    if permission is None or not anywhere(asking, permission):
        raise NotPermitted(permission)
    return permission


def require_for(asking: Principal, permission: Permission, command: Command) -> None:
    """Raise NotPermitted where the permission does not reach what the command is about, in one of
    its runs; NotStrong where it takes a second factor."""
    subject = getattr(command, _SUBJECT, None)
    runs = [run for field in _RUNS if (run := getattr(command, field, None)) is not None]
    for run in runs or (None,):
        if not may(asking, permission, run, subject):
            raise NotPermitted(permission)
    require_strong(asking, permission)
