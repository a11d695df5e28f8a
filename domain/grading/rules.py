"""Which scores and outcomes can be recorded, and what is a pass?"""

from __future__ import annotations

from decimal import Decimal

from domain.assessment.state import Attempt, Attempts, find_attempt
from domain.catalogue.facts import GradingPolicy
from domain.catalogue.state import Run
from domain.grading.facts import Result
from domain.grading.state import Results
from domain.kernel import Refusal

PASSING: frozenset[Result] = frozenset({"pass", "distinction"})


class AttemptUnknown(Refusal):
    """A grade is for an attempt that was handed in. The learner has no attempt with this id on this
    item in the record, or did not hand it in: submit it first, or look for a slip in the ids."""

    rule = "attempt-unknown"
    title = "There is no such attempt"


class ScoreOutOfRange(Refusal):
    """A score lies between 0 and the highest possible score: of the item in the content version
    that the attempt is pinned to, or of the scale that the grader states with `possible`."""

    rule = "score-out-of-range"
    title = "The score is out of range"


class GradingPolicyMissing(Refusal):
    """A course grade is computed under the grading policy of the run, and none was published. Where
    an exam board decides, no computed grade is needed: `record-outcome`."""

    rule = "grading-policy-missing"
    title = "The run has no grading policy"


class LearnerLeft(Refusal):
    """A learner who has withdrawn from the run, or moved to another, cannot be recorded as having
    passed it. `fail` and `withdrawn` can be recorded."""

    rule = "withdrawn"
    title = "The learner has left the run"


def require_attempt(
    attempts: Attempts, run_id: str, subject: str, item: str, attempt_id: str
) -> Attempt:
    """Return the attempt, begun or handed in, or raise AttemptUnknown."""
    attempt = find_attempt(attempts, item, attempt_id)
    if attempt is None:
        raise AttemptUnknown(
            f"Learner {subject} has no attempt {attempt_id} on item {item} in run {run_id}.",
            run=run_id,
            subject=subject,
            item=item,
            attempt=attempt_id,
        )
    return attempt


def require_submitted(
    attempts: Attempts, run_id: str, subject: str, item: str, attempt_id: str
) -> Attempt:
    """Return the attempt if it was handed in, or raise AttemptUnknown."""
    attempt = require_attempt(attempts, run_id, subject, item, attempt_id)
    if attempt.submitted_at is None:
        raise AttemptUnknown(
            f"Attempt {attempt_id} of learner {subject} on item {item} was not handed in.",
            run=run_id,
            subject=subject,
            item=item,
            attempt=attempt_id,
        )
    return attempt


def has_passed(results: Results) -> bool:
    """Whether the learner passed: the exam board's decision counts over the computed grade."""
    if results.outcome is not None:
        return results.outcome in PASSING
    return results.passed is True


def require_score(item: str, raw: Decimal, possible: Decimal) -> None:
    """Raise ScoreOutOfRange unless 0 <= raw <= possible."""
    if not 0 <= raw <= possible:
        raise ScoreOutOfRange(
            f"A score of {raw:f} does not lie between 0 and {possible:f}, the highest for item "
            f"{item}.",
            item=item,
            raw=f"{raw:f}",
            possible=f"{possible:f}",
        )


def require_possible_outcome(result: Result, run_id: str, subject: str) -> None:
    """Raise LearnerLeft for an outcome that a learner who has left cannot have."""
    if result in PASSING:
        raise LearnerLeft(
            f"Learner {subject} has left run {run_id}, and cannot have passed it.",
            run=run_id,
            subject=subject,
            result=result,
        )


def require_policy(run: Run, run_id: str) -> GradingPolicy:
    """Return the run's grading policy, or raise GradingPolicyMissing."""
    if run.policy is None:
        raise GradingPolicyMissing(f"No grading policy was published for run {run_id}.", run=run_id)
    return run.policy
