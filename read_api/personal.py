"""Which personal fields may be shown, and to whom?"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import Principal, Role
from domain.kernel import Envelope, Personal
from read_api.answers import Opened
from read_api.dependencies import ReadDependencies

READERS = frozenset({Role.INSTRUCTOR, Role.REGISTRAR, Role.ADMINISTRATOR, Role.AUDITOR})
CLOSED = Opened(None, erased=True)


def may_read(asking: Principal, subject: str) -> bool:
    """Whether this principal may see the subject's personal fields: their own, or by role."""
    return bool(READERS & asking.roles) or asking.actor == subject


async def opened(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    fact: str | None,
    field: str,
    sealed: str | None,
) -> Opened | None:
    """Open one sealed field; None where there is nothing in it."""
    if sealed is None:
        return None
    if fact is None or not may_read(asking, subject):
        return CLOSED
    (plain,) = await deps.opener.open(asking.tenant, subject, [(fact, field, sealed)])
    return CLOSED if plain is None else Opened(msgspec.json.decode(plain), erased=False)


async def with_personal(
    deps: ReadDependencies, asking: Principal, envelope: Envelope
) -> dict[str, Any]:
    """Return a fact's payload as JSON has it, personal fields opened where that is allowed."""
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(envelope.fact).items():
        if isinstance(value, Personal):
            subject = envelope.subject or ""
            shown = await opened(deps, asking, subject, envelope.id, name, value.sealed)
            found[name] = msgspec.to_builtins(shown)
        else:
            found[name] = msgspec.to_builtins(value)
    return found
