"""How are attempts and the terms for them told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptStarted,
    ExtensionGranted,
    ExtensionWithdrawn,
    GraderFailed,
    LatenessRedecided,
    SubmissionReceived,
    WorkSaved,
)
from domain.kernel import Fact
from read_api.sentences.words import Title, counted, lateness


def _submitted(fact: SubmissionReceived, title: Title) -> str:
    said = f"Submitted {title(fact.item)}"
    if fact.number > 1:
        said += f", attempt {fact.number}"
    return said + (f", {lateness(fact.late_seconds)} late" if fact.late_seconds else "")


def _started(fact: AttemptStarted, title: Title) -> str:
    until = "" if fact.deadline is None else f", until {fact.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return f"Began {title(fact.item)}, attempt {fact.number}{until}"


def _moved(fact: AttemptDeadlineMoved, title: Title) -> str:
    until = f"{fact.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return f"{title(fact.item)}, attempt {fact.attempt}, takes until {until} now"


def _saved(fact: WorkSaved, title: Title) -> str:
    return f"Kept work on {title(fact.item)}, attempt {fact.attempt}"


def _expired(fact: AttemptExpired, title: Title) -> str:
    return f"The time for {title(fact.item)}, attempt {fact.attempt}, was up"


def _abandoned(fact: AttemptAbandoned, title: Title) -> str:
    how = "was given up" if fact.basis == "given-up" else "ended without anything handed in"
    return f"{title(fact.item)}, attempt {fact.attempt}, {how}"


def _grader_failed(fact: GraderFailed, title: Title) -> str:
    said = "could not be graded, and uses up no attempt"
    return f"{title(fact.item)}, attempt {fact.attempt}, {said}"


def _redecided(fact: LatenessRedecided, title: Title) -> str:
    now = f"{lateness(fact.late_seconds)} late" if fact.late_seconds else "in time"
    return f"{title(fact.item)}, attempt {fact.attempt}, counts as {now} after a change of dates"


def _extended(fact: ExtensionGranted, title: Title) -> str:
    terms = []
    if fact.no_due:
        terms.append("no due date")
    elif fact.due is not None:
        terms.append(f"due {fact.due:%Y-%m-%d %H:%M} UTC")
    if fact.attempts:
        terms.append(counted(fact.attempts, "more attempt"))
    if fact.time_factor != "1":
        terms.append(f"{fact.time_factor} times the time")
    return f"Own terms for {title(fact.item)}: {', '.join(terms) or 'those of all'}"


def _unextended(fact: ExtensionWithdrawn, title: Title) -> str:
    return f"Own terms for {title(fact.item)} were taken back"


OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    SubmissionReceived: _submitted,
    AttemptStarted: _started,
    AttemptDeadlineMoved: _moved,
    WorkSaved: _saved,
    AttemptExpired: _expired,
    AttemptAbandoned: _abandoned,
    GraderFailed: _grader_failed,
    LatenessRedecided: _redecided,
    ExtensionGranted: _extended,
    ExtensionWithdrawn: _unextended,
}
