"""What do commands about personal data state, in codes instead of texts?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from commands.decision import Id
from domain.kernel import StreamRef
from domain.privacy import grounds
from domain.privacy.facts import ErasureBegun, ErasureHeld
from domain.privacy.state import ERASURE

ErasureGround = Annotated[
    grounds.ErasureGround,
    Field(
        description="The legal ground: GDPR article 17(1)(a) to (f) in this order, or that the "
        "time for which it is kept has ended. A code, as a text could name somebody."
    ),
]
HoldGround = Annotated[
    grounds.HoldGround,
    Field(description="Why it must be kept: GDPR article 17(3). A code, not a text."),
]


def erasure_of(tenant: str, subject: str) -> StreamRef[Any]:
    """Return the stream of a learner's erasure."""
    return ERASURE.of(tenant, subject, subject=subject)


def of_learner(command: Any, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the stream of a learner's erasure."""
    subject: Id = command.subject
    return (erasure_of(tenant, subject),)


def begun_or_held(ground: str, holds: frozenset[str]) -> ErasureBegun | ErasureHeld:
    """Say what comes of an erasure that is asked for while these holds stand."""
    return ErasureHeld(tuple(sorted(holds))) if holds else ErasureBegun(ground)
