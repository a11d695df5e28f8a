"""What must decisions know of a learner's honesty in a run?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple, assert_never

import msgspec

from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)

IntegrityFact = (
    HonorCodeAccepted
    | IdentityVerified
    | ViolationReported
    | ViolationUpheld
    | ViolationDismissed
    | AttemptVoided
    | AttemptRestored
)
Finding = Literal["reported", "upheld", "dismissed"]


class Violation(NamedTuple):
    """A report, and how it was found."""

    reported: ViolationReported
    finding: Finding


class Integrity(msgspec.Struct, frozen=True):
    """One learner's honesty in one run.

    ``voided`` are item, attempt and the violation that voided it; ``ended_by`` are the violations
    that end the enrolment, while they are upheld: also where the learner had left before.
    """

    honor_code: str | None = None
    identity: IdentityVerified | None = None
    violations: Mapping[str, Violation] = msgspec.field(default_factory=dict)
    voided: frozenset[tuple[str, str, str]] = frozenset()
    ended_by: tuple[str, ...] = ()

    def identity_holds(self, now: datetime) -> bool:
        """Whether the identity was verified, and that has not expired: ``now < expires``."""
        verified = self.identity
        return verified is not None and (verified.expires is None or now < verified.expires)


def with_integrity(state: Integrity, fact: IntegrityFact) -> Integrity:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case HonorCodeAccepted(version=version):
            return replace(state, honor_code=version)
        case IdentityVerified():
            return replace(state, identity=fact)
        case ViolationReported(violation=violation):
            new = Violation(fact, "reported")
            return replace(state, violations={**state.violations, violation: new})
        case ViolationUpheld(violation=violation, consequences=consequences):
            ends = (violation,) if "end-enrolment" in consequences else ()
            return _found(replace(state, ended_by=state.ended_by + ends), violation, "upheld")
        case ViolationDismissed(violation=violation):
            kept = tuple(one for one in state.ended_by if one != violation)
            return _found(replace(state, ended_by=kept), violation, "dismissed")
        case AttemptVoided(item=item, attempt=attempt, violation=violation):
            return replace(state, voided=state.voided | {(item, attempt, violation)})
        case AttemptRestored(item=item, attempt=attempt, violation=violation):
            return replace(state, voided=state.voided - {(item, attempt, violation)})
        case _:
            assert_never(fact)


def _found(state: Integrity, violation: str, finding: Finding) -> Integrity:
    known = state.violations.get(violation)
    reported = known.reported if known else ViolationReported(violation, "unknown")
    found = {**state.violations, violation: Violation(reported, finding)}
    return msgspec.structs.replace(state, violations=found)
