"""What is work worth, and what follows from it?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.kernel import Fact, Personal

Result = Literal["distinction", "pass", "fail", "withdrawn"]


class SubmissionGraded(Fact, frozen=True, omit_defaults=True):
    """An attempt was scored. Scores are exact decimal texts. ``regrade`` is the batch of regrades
    that it was part of."""

    item: str
    attempt: str
    raw: str
    possible: str
    grader: str
    grader_version: str | None = None
    regrade: str | None = None


class LatePenaltyApplied(Fact, frozen=True, omit_defaults=True):
    """What an attempt's lateness costs, in points of its scale; the latest one counts, until the
    attempt is scored again. ``deducted`` "0": nothing any more.

    It was judged by ``raw`` of ``possible``, ``late_seconds``, and the run's grading policy
    ``policy_number``; ``intervals`` is how many had begun.
    """

    item: str
    attempt: str
    raw: str
    possible: str
    deducted: str
    late_seconds: int
    intervals: int
    policy_number: int


class MissingWorkScored(Fact, frozen=True):
    """Nothing was handed in by ``due``, and the run's policy gives a score to that.

    It counts for as long as there is no other. ``missing`` per cent of ``possible`` were deducted
    under grading policy ``policy_number``.
    """

    item: str
    raw: str
    possible: str
    due: datetime
    missing: str
    policy_number: int


class MissingWorkCleared(Fact, frozen=True, omit_defaults=True):
    """The work is not missing after all: another due date holds."""

    item: str
    due: datetime | None = None


class ScoreOverridden(Fact, frozen=True, omit_defaults=True):
    """A person said what an item is worth; this is final, and no penalty touches it.

    ``old`` of ``old_possible`` is what counted before; None: there was no score.
    """

    item: str
    new: str
    possible: str
    old: str | None = None
    old_possible: str | None = None
    reason: Personal[str] | None = None


class OverrideRemoved(Fact, frozen=True, omit_defaults=True):
    """The override no longer counts: ``old`` does not, and what was computed, ``new``, does again.

    ``new`` None: there is no score.
    """

    item: str
    old: str
    old_possible: str
    new: str | None = None
    possible: str | None = None
    reason: Personal[str] | None = None


class ItemExcused(Fact, frozen=True, omit_defaults=True):
    """The item does not count for this learner: it is left out, and nobody's zero."""

    item: str
    reason: Personal[str] | None = None


class ExcuseWithdrawn(Fact, frozen=True, omit_defaults=True):
    """The item counts for this learner again."""

    item: str
    reason: Personal[str] | None = None


class ResultTransferred(Fact, frozen=True, omit_defaults=True):
    """A result was carried over ("banked") from an earlier run; unknown stays None."""

    item: str
    raw: str | None
    possible: str
    from_run: str | None = None


class CourseGradeComputed(Fact, frozen=True, omit_defaults=True):
    """The course grade under a policy. ``percent`` is whole; ``exact`` the share before rounding as
    a fraction text; ``inputs_hash`` the SHA-256 in hex of all that it was computed from. What is
    not graded counts zero there; the ``current`` grade leaves it out, where the policy tells one
    and something is graded. ``regrade`` is the batch of regrades that it was part of."""

    percent: int
    letter: str | None
    exact: str
    inputs_hash: str
    policy_number: int
    current_percent: int | None = None
    current_exact: str | None = None
    regrade: str | None = None


class RegradeStarted(Fact, frozen=True, omit_defaults=True):
    """A batch of regrades began: scores and grades come again. ``only_if_higher``: none falls."""

    run: str
    batch: str
    reason: str
    only_if_higher: bool = False


class RegradeCompleted(Fact, frozen=True):
    """The batch of regrades took its last, after the grades of so many ``learners``."""

    run: str
    batch: str
    only_if_higher: bool
    learners: int


class CoursePassed(Fact, frozen=True):
    """The computed grade reached the pass mark."""

    percent: int
    basis: Literal["computed"]


class CourseFailed(Fact, frozen=True):
    """The computed grade fell below the pass mark after it had been reached, or at the close."""

    percent: int
    basis: Literal["computed"]


class OutcomeRecorded(Fact, frozen=True):
    """The exam board decided; this counts over any computed grade."""

    result: Result


class GradesWithheld(Fact, frozen=True):
    """The run's grades count for nothing outside until they are released [Canvas]."""

    run: str


class GradesReleased(Fact, frozen=True):
    """The run's grades, which had been withheld, count from now on."""

    run: str
