"""How are the facts of a grade told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    ExcuseWithdrawn,
    GradesReleased,
    GradesWithheld,
    ItemExcused,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    RegradeCompleted,
    RegradeStarted,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.kernel import Fact
from read_api.sentences.words import Title, lateness, score

PLAIN: Mapping[type[Fact], str] = {
    RegradeCompleted: "Regrades {f.batch} were completed: {f.learners:,} grades",
    CoursePassed: "Passed with {f.percent} %",
    CourseFailed: "Failed with {f.percent} %",
    GradesWithheld: "The grades of {f.run} are withheld",
    GradesReleased: "The grades of {f.run} were released",
}


def _graded(fact: SubmissionGraded, title: Title) -> str:
    return f"{title(fact.item)} was graded {score(fact.raw, fact.possible)}"


def _penalised(fact: LatePenaltyApplied, title: Title) -> str:
    if fact.deducted == "0":
        return f"{title(fact.item)}: nothing is deducted any more for being late"
    return (
        f"{title(fact.item)} lost {fact.deducted} of {fact.raw} points for being "
        f"{lateness(fact.late_seconds)} late"
    )


def _missing(fact: MissingWorkScored, title: Title) -> str:
    return f"{title(fact.item)} is missing, and scored {score(fact.raw, fact.possible)}"


def _not_missing(fact: MissingWorkCleared, title: Title) -> str:
    return f"{title(fact.item)} is not missing after all"


def _set_by_hand(fact: ScoreOverridden, title: Title) -> str:
    said = f"{title(fact.item)} was set to {score(fact.new, fact.possible)} by a person"
    if fact.old is None or fact.old_possible is None:
        return said
    return f"{said}, before {score(fact.old, fact.old_possible)}"


def _computed_again(fact: OverrideRemoved, title: Title) -> str:
    if fact.new is None or fact.possible is None:
        return f"{title(fact.item)} is no longer set by a person, and has no score"
    return f"{title(fact.item)} is again what was computed, {score(fact.new, fact.possible)}"


def _excused(fact: ItemExcused, title: Title) -> str:
    return f"Excused from {title(fact.item)}"


def _included(fact: ExcuseWithdrawn, title: Title) -> str:
    return f"{title(fact.item)} counts again"


def _carried(fact: ResultTransferred, title: Title) -> str:
    came = "an earlier run" if fact.from_run is None else fact.from_run
    return f"{title(fact.item)} was carried over from {came}, {score(fact.raw, fact.possible)}"


def _computed(fact: CourseGradeComputed) -> str:
    letter = "" if fact.letter is None else f", {fact.letter}"
    return f"Course grade computed: {fact.percent} %{letter}"


def _regrading(fact: RegradeStarted) -> str:
    how = ", only to raise" if fact.only_if_higher else ""
    return f"Regrades {fact.batch} began{how}: {fact.reason}"


def _outcome(fact: OutcomeRecorded) -> str:
    return f"The exam board decided: {fact.result}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    CourseGradeComputed: _computed,
    RegradeStarted: _regrading,
    OutcomeRecorded: _outcome,
}

OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    SubmissionGraded: _graded,
    LatePenaltyApplied: _penalised,
    MissingWorkScored: _missing,
    MissingWorkCleared: _not_missing,
    ScoreOverridden: _set_by_hand,
    OverrideRemoved: _computed_again,
    ItemExcused: _excused,
    ExcuseWithdrawn: _included,
    ResultTransferred: _carried,
}
