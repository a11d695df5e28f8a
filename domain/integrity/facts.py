"""What does a run ask of honesty, and what was found?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.catalogue.facts import Mode
from domain.kernel import Fact, Personal

Consequence = Literal["void-attempt", "bar-certificate", "end-enrolment"]


class Penalty(msgspec.Struct, frozen=True):
    """What follows when a violation of this kind is upheld."""

    kind: str
    consequences: tuple[Consequence, ...]


class IntegrityPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run asks of honesty.

    ``honor_code`` is the version to be accepted before the first submission; None: none is.
    ``identity_modes`` are the modes whose certificate wants the identity verified.
    """

    honor_code: str | None = None
    identity_modes: tuple[Mode, ...] = ()
    penalties: tuple[Penalty, ...] = ()


class IntegrityPolicyPublished(Fact, frozen=True):
    """What the run asks of honesty from now on. ``number`` counts from 1."""

    run: str
    number: int
    policy: IntegrityPolicy


class HonorCodeAccepted(Fact, frozen=True):
    """The learner accepted this version of the honour code."""

    version: str


class IdentityVerified(Fact, frozen=True, omit_defaults=True):
    """Somebody made sure that the learner is who they say, by ``method``; it holds for ``now <
    expires``, or for ever."""

    method: str
    expires: datetime | None = None


class ViolationReported(Fact, frozen=True, omit_defaults=True):
    """Something against the rules was reported; nothing follows before it is upheld."""

    violation: str
    kind: str
    item: str | None = None
    attempt: str | None = None
    report: Personal[str] | None = None


class ViolationUpheld(Fact, frozen=True):
    """The report was found to be true; ``consequences`` are those of the run's policy
    ``policy_number``, and are facts of their own beside this one."""

    violation: str
    consequences: tuple[Consequence, ...]
    policy_number: int
    reason: Personal[str]


class ViolationDismissed(Fact, frozen=True):
    """The report was found to be wrong, at once or on appeal. What it had barred or voided is
    given back by facts of their own beside this one; an enrolment that it ended stays ended."""

    violation: str
    reason: Personal[str]


class AttemptVoided(Fact, frozen=True):
    """The attempt counts for nothing, because of an upheld violation. It stays used up."""

    item: str
    attempt: str
    violation: str


class AttemptRestored(Fact, frozen=True):
    """The attempt counts again: the violation was dismissed after all."""

    item: str
    attempt: str
    violation: str
