"""Which personal fields may be shown, and to whom?"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.kernel import Envelope, Personal
from projections.cloudevents import run_in
from read_api.answers import Opened
from read_api.dependencies import ReadDependencies
from read_api.ports.keys import KeysAway

CLOSED = Opened(None, erased=True)
UNREADABLE = Opened(None, erased=False, unreadable=True)


async def opened(
    deps: ReadDependencies,
    asking: Principal,
    run: str | None,
    subject: str,
    fact: str | None,
    field: str,
    sealed: str | None,
) -> Opened | None:
    """Open one sealed field of a subject's record in a run; None where there is nothing in it."""
    if sealed is None:
        return None
    if fact is None or not may(asking, Permission.READ_PERSONAL, run, subject):
        return CLOSED
    try:
        (plain,) = await deps.opener.open(asking.tenant, subject, [(fact, field, sealed)])
    except KeysAway:
        return UNREADABLE
    return CLOSED if plain is None else Opened(msgspec.json.decode(plain), erased=False)


async def with_personal(
    deps: ReadDependencies, asking: Principal, envelope: Envelope
) -> dict[str, Any]:
    """Return a fact's payload as JSON has it, personal fields opened where that is allowed."""
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(envelope.fact).items():
        if isinstance(value, Personal):
            subject = envelope.subject or ""
            run = run_in(envelope.stream)
            shown = await opened(deps, asking, run, subject, envelope.id, name, value.sealed)
            found[name] = msgspec.to_builtins(shown)
        else:
            found[name] = msgspec.to_builtins(value)
    return found
