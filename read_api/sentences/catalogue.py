"""How are the facts of courses, runs and their content told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.catalogue.facts import (
    ContentDrafted,
    ContentVersionPublished,
    CourseCreated,
    DraftDiscarded,
    DueDateOverridden,
    DueOverrideRemoved,
    GradingPolicyPublished,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.kernel import Fact
from read_api.sentences.words import Title, counted

PLAIN: Mapping[type[Fact], str] = {
    CourseCreated: "Course {f.course} entered the catalogue: {f.title}",
    RunScheduled: "Run {f.run} of {f.course} was announced, from {f.starts:%Y-%m-%d}",
    RunRescheduled: "Run {f.run} was moved: {f.starts:%Y-%m-%d} to {f.ends:%Y-%m-%d}",
    RunArchived: "Run {f.run} was archived",
    GradingPolicyPublished: "Grading policy {f.number} was published",
    DraftDiscarded: "Content draft {f.draft} was discarded",
}


def _published(fact: ContentVersionPublished) -> str:
    return f"Content version {fact.number} was published, {counted(len(fact.items), 'item')}"


def _drafted(fact: ContentDrafted) -> str:
    return f"Content was drafted (draft {fact.draft}), {counted(len(fact.items), 'item')}"


def _seats(fact: SeatsCounted) -> str:
    return f"Seats were counted: {len(fact.taken):,} taken"


def _prerequisite(fact: PrerequisiteSet) -> str:
    wanted = fact.prerequisite
    if wanted is None:
        return f"{fact.course} no longer needs another course first"
    least = wanted.minimum_percent
    how = "passed" if least is None else f"with {least} % or more"
    return f"{fact.course} now needs {wanted.course} first, {how}"


def _limited(fact: SeatsLimited) -> str:
    if fact.capacity is None:
        return "Seats are no longer limited"
    return f"Seats were limited to {fact.capacity:,}"


def _overridden(fact: DueDateOverridden, title: Title) -> str:
    whom = "everybody" if fact.cohort is None else f"cohort {fact.cohort}"
    due = "due at no time" if fact.due is None else f"due {fact.due:%Y-%m-%d %H:%M} UTC"
    return f"{title(fact.item)} is {due} for {whom}"


def _restored(fact: DueOverrideRemoved, title: Title) -> str:
    whom = "everybody" if fact.cohort is None else f"cohort {fact.cohort}"
    return f"{title(fact.item)} is due as its content says again, for {whom}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    ContentVersionPublished: _published,
    ContentDrafted: _drafted,
    SeatsCounted: _seats,
    PrerequisiteSet: _prerequisite,
    SeatsLimited: _limited,
}

OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    DueDateOverridden: _overridden,
    DueOverrideRemoved: _restored,
}
