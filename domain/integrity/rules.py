"""What does a run ask of honesty, and who refuses what for its sake?"""

from __future__ import annotations

from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.integrity.facts import Consequence, IntegrityPolicy
from domain.integrity.state import Integrity, Violation
from domain.kernel import Refusal


class HonorCodeNotAccepted(Refusal):
    """A run may require that a version of its honour code is accepted before the first submission
    [Open edX]. Accept it with `accept-honor-code`; whoever has submitted already goes on."""

    rule = "honor-code-not-accepted"
    title = "The honour code has not been accepted"


class HonorCodeOther(Refusal):
    """What is accepted is the version of the honour code that the run asks for; it asks for
    another one, or for none."""

    rule = "honor-code-other"
    title = "The run asks for another honour code"


class ModeUnknown(Refusal):
    """A policy names modes that the run offers. It can never apply to one that the run does not."""

    rule = "mode-unknown"
    title = "The run does not offer a mode that the policy names"


class ViolationUnknown(Refusal):
    """The enrolment has no report of a violation with this id: report it first, or look for a slip
    in the id."""

    rule = "violation-unknown"
    title = "There is no such violation"


class ViolationExists(Refusal):
    """Another violation was reported under this id. The same report sent again is no error and
    changes nothing."""

    rule = "violation-exists"
    title = "There is another violation with this id"


class ViolationDecided(Refusal):
    """A violation that was dismissed is not upheld afterwards: report it anew, with what is new."""

    rule = "violation-decided"
    title = "The violation was dismissed"


class EnrolmentEnded(Refusal):
    """An upheld violation ended the learner's enrolment, as the run's policy says. Enrolling again
    is possible once it is dismissed."""

    rule = "enrolment-ended"
    title = "The enrolment was ended by an upheld violation"


def require_honor_code(run: Run, enrolment: Enrolment, run_id: str, subject: str) -> None:
    """Raise HonorCodeNotAccepted before a first submission without the version asked for."""
    wanted, accepted = run.integrity.honor_code, enrolment.integrity.honor_code
    if wanted is None or accepted == wanted or enrolment.attempts:
        return
    raise HonorCodeNotAccepted(
        f"Run {run_id} wants version {wanted} of its honour code accepted before the first "
        f"submission.",
        run=run_id,
        subject=subject,
        honor_code=wanted,
        accepted=accepted,
    )


def require_not_ended(enrolment: Enrolment, run_id: str, subject: str) -> None:
    """Raise EnrolmentEnded where an upheld violation ended the enrolment."""
    if enrolment.integrity.ended_by:
        violation = enrolment.integrity.ended_by[0]
        raise EnrolmentEnded(
            f"Violation {violation} ended the enrolment of {subject} in run {run_id}.",
            run=run_id,
            subject=subject,
            violation=violation,
        )


def require_violation(integrity: Integrity, violation: str, run_id: str, subject: str) -> Violation:
    """Return the report, or raise ViolationUnknown."""
    known = integrity.violations.get(violation)
    if known is None:
        raise ViolationUnknown(
            f"No violation {violation} of learner {subject} in run {run_id} was reported.",
            run=run_id,
            subject=subject,
            violation=violation,
        )
    return known


def consequences_of(policy: IntegrityPolicy, kind: str) -> tuple[Consequence, ...]:
    """Return what follows from a violation of this kind; a kind that is not named: nothing."""
    for penalty in policy.penalties:
        if penalty.kind == kind:
            return penalty.consequences
    return ()
