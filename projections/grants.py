"""Who has had which role, from when until when?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.access.facts import RoleGranted, RoleRevoked
from domain.kernel import Envelope
from projections.reading import Documents, Key, Reading, View, columns, names


class Grant(Struct, frozen=True, gc=False):
    """One grant of a role. ``position`` is where it was granted; ``revoked_position`` where it was
    taken back. ``run`` is None for the whole tenant, ``until`` for good."""

    holder: str
    number: int
    role: str
    run: str | None
    until: datetime | None
    granted_at: datetime
    granted_by: str
    position: int
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_position: int | None = None


def fold(document: Grant | None, envelope: Envelope, _key: Key) -> Grant | None:
    """Take one fact about the grant in."""
    match envelope.fact:
        case RoleGranted() as fact if document is None:
            return Grant(
                holder=fact.holder,
                number=fact.number,
                role=fact.role,
                run=fact.run,
                until=fact.until,
                granted_at=envelope.occurred_at,
                granted_by=envelope.actor,
                position=envelope.position,
            )
        case RoleRevoked() if document is not None and document.revoked_at is None:
            return replace(
                document,
                revoked_at=envelope.occurred_at,
                revoked_by=envelope.actor,
                revoked_position=envelope.position,
            )
        case _:
            return document


def keys(envelope: Envelope) -> Iterable[Key]:
    """The holder, and the number of the grant."""
    fact = envelope.fact
    return ((fact.holder, fact.number),)  # type: ignore[attr-defined]


GRANTS = Reading(
    name="grants",
    version=1,
    documents=(
        Documents(
            name="grant",
            row=Grant,
            key=("holder", "number"),
            facts=names(RoleGranted, RoleRevoked),
            keys=keys,
            fold=fold,
            indexes=("(role, run)",),
        ),
    ),
    views=(View("grants", columns(Grant), "{grant}"),),
)
