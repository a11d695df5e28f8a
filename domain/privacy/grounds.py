"""On which grounds is somebody's data erased, and on which must it be kept? Codes, not texts."""

from __future__ import annotations

from typing import Literal, get_args

ErasureGround = Literal[
    "no-longer-necessary",
    "consent-withdrawn",
    "objection",
    "unlawful-processing",
    "legal-obligation",
    "child-services",
    "retention-ended",
]
"""GDPR article 17(1)(a) to (f) in this order, or that the time for which it is kept has ended."""
HoldGround = Literal["legal-claim", "legal-obligation", "public-interest", "free-expression"]
"""GDPR article 17(3)."""
ERASURE_GROUNDS: tuple[str, ...] = get_args(ErasureGround)
