"""What do commands about personal data state, in codes instead of texts?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from commands.decision import Id
from domain.kernel import StreamRef
from domain.privacy.state import ERASURE

ErasureGround = Annotated[
    Literal[
        "no-longer-necessary",
        "consent-withdrawn",
        "objection",
        "unlawful-processing",
        "legal-obligation",
        "child-services",
        "retention-ended",
    ],
    Field(
        description="The legal ground: GDPR article 17(1)(a) to (f) in this order, or that the "
        "time for which it is kept has ended. A code, as a text could name somebody."
    ),
]
HoldGround = Annotated[
    Literal["legal-claim", "legal-obligation", "public-interest", "free-expression"],
    Field(description="Why it must be kept: GDPR article 17(3). A code, not a text."),
]


def of_learner(command: Any, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the stream of a learner's erasure."""
    subject: Id = command.subject
    return (ERASURE.of(tenant, subject, subject=subject),)
