"""What is work worth, and what follows from it?"""

from __future__ import annotations

from typing import Literal

from domain.kernel import Fact

Result = Literal["distinction", "pass", "fail", "withdrawn"]


class SubmissionGraded(Fact, frozen=True, omit_defaults=True):
    """An attempt was scored. Scores are exact decimal texts."""

    item: str
    attempt: str
    raw: str
    possible: str
    grader: str
    grader_version: str | None = None


class ResultTransferred(Fact, frozen=True, omit_defaults=True):
    """A result was carried over ("banked") from an earlier run; unknown stays None."""

    item: str
    raw: str | None
    possible: str
    from_run: str | None = None


class CourseGradeComputed(Fact, frozen=True):
    """The course grade under a policy. ``percent`` is whole; ``exact`` the share before rounding as
    a fraction text; ``inputs_hash`` the SHA-256 in hex of all that it was computed from."""

    percent: int
    letter: str | None
    exact: str
    inputs_hash: str
    policy_number: int


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
