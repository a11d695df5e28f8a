"""What must decisions know of courses and runs?"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never, get_args

import msgspec

from domain.catalogue.facts import (
    CourseCreated,
    GradingPolicy,
    GradingPolicyPublished,
    LatePolicy,
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
)
from domain.grading.facts import GradesReleased, GradesWithheld
from domain.integrity.facts import IntegrityPolicy, IntegrityPolicyPublished
from domain.kernel import StreamKind

CourseFact = CourseCreated | PrerequisiteSet
RunFact = (
    RunScheduled
    | RunRescheduled
    | RunArchived
    | GradingPolicyPublished
    | IntegrityPolicyPublished
    | GradesWithheld
    | GradesReleased
)


class Course(msgspec.Struct, frozen=True):
    """A course, once ``created``."""

    created: CourseCreated | None = None
    prerequisite: Prerequisite | None = None


class Run(msgspec.Struct, frozen=True):
    """A run, once ``scheduled``; the dates are those that stand now.

    ``grades_released`` until they are withheld: a run that says nothing releases each at once.
    """

    scheduled: RunScheduled | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    opens: datetime | None = None
    closes: datetime | None = None
    archived: bool = False
    policy: GradingPolicy | None = None
    policy_number: int = 0
    late: LatePolicy | None = None
    integrity: IntegrityPolicy = IntegrityPolicy()
    integrity_number: int = 0
    grades_released: bool = True

    @property
    def scores_missing(self) -> bool:
        """Whether work that is missing when it falls due has a score."""
        return self.late is not None and self.late.missing is not None


def evolve_course(state: Course, fact: CourseFact, _at: datetime) -> Course:
    """Take one fact in. Never refuses."""
    match fact:
        case CourseCreated():
            return Course(fact, state.prerequisite)
        case PrerequisiteSet(prerequisite=prerequisite):
            return Course(state.created, prerequisite)
        case _:
            assert_never(fact)


def evolve_run(state: Run, fact: RunFact, _at: datetime) -> Run:
    """Take one fact in. Never refuses."""
    match fact:
        case RunScheduled(starts=starts, ends=ends, opens=opens, closes=closes):
            return msgspec.structs.replace(
                state, scheduled=fact, starts=starts, ends=ends, opens=opens, closes=closes
            )
        case RunRescheduled(starts=starts, ends=ends, opens=opens, closes=closes):
            return msgspec.structs.replace(
                state, starts=starts, ends=ends, opens=opens, closes=closes
            )
        case RunArchived():
            return msgspec.structs.replace(state, archived=True)
        case GradingPolicyPublished(policy=policy, number=number, late=late):
            return msgspec.structs.replace(state, policy=policy, policy_number=number, late=late)
        case IntegrityPolicyPublished(policy=integrity, number=number):
            return msgspec.structs.replace(state, integrity=integrity, integrity_number=number)
        case GradesWithheld():
            return msgspec.structs.replace(state, grades_released=False)
        case GradesReleased():
            return msgspec.structs.replace(state, grades_released=True)
        case _:
            assert_never(fact)


COURSE = StreamKind("course", Course(), evolve_course, get_args(CourseFact))
RUN = StreamKind("run", Run(), evolve_run, get_args(RunFact))
