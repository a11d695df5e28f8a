"""How is a learner kept from being erased?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision, Id
from commands.privacy.fields import HoldGround, of_learner
from domain.privacy.facts import LegalHoldPlaced
from domain.privacy.rules import require_not_begun
from domain.privacy.state import Erasure
from domain.tenants.rules import require_not_erased
from domain.tenants.state import Tenant, of_tenant


class PlaceLegalHold(Command):
    """Keep a learner from being erased, until the hold is lifted. There may be several."""

    subject: Id
    hold: Id = Field(description="The hold's own id, such as the number of a case.")
    ground: HoldGround


def place_legal_hold(
    command: PlaceLegalHold, context: Context, erasure: Erasure, tenant: Tenant
) -> Iterator[LegalHoldPlaced]:
    """Yield it, once. Raises ErasureUnderWay, or TenantIsErased."""
    if command.hold not in erasure.holds:
        require_not_begun(erasure, command.subject)
        require_not_erased(tenant, context.principal.tenant)
        yield LegalHoldPlaced(command.hold, command.ground)


DECISION = Decision(
    name="place-legal-hold",
    model=PlaceLegalHold,
    streams=lambda command, tenant: (*of_learner(command, tenant), of_tenant(tenant)),
    decide=place_legal_hold,
    example={"subject": "oulad-11391", "hold": "case-2027-14", "ground": "legal-claim"},
)
