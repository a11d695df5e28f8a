"""For which purposes is what is known of learners used, and who agreed?"""

from __future__ import annotations

from typing import Literal

from domain.kernel import Fact

Basis = Literal[
    "consent",
    "contract",
    "legal-obligation",
    "vital-interests",
    "public-task",
    "legitimate-interests",
]
"""What makes a purpose lawful [GDPR, article 6]."""


class PurposePublished(Fact, frozen=True, omit_defaults=True):
    """What learners' data is used for from now on, and what makes that lawful; ``version`` counts
    from 1. ``retired``: it is used for this no more."""

    purpose: str
    version: int
    basis: Basis
    title: str
    text: str
    retired: bool = False


class ConsentGiven(Fact, frozen=True):
    """The learner agreed to this version of a purpose."""

    purpose: str
    version: int


class ConsentWithdrawn(Fact, frozen=True):
    """The learner no longer agrees; ``version`` is what they had agreed to. What was done until
    then was lawful."""

    purpose: str
    version: int
