"""Which work is taken, and when is it late?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.assessment.facts import SubmissionReceived
from domain.assessment.rules import AttemptsExhausted, ItemNotSubmittable
from domain.catalogue.facts import Item, RunArchived
from domain.catalogue.rules import ItemNotOpen, ItemUnknown, RunIsArchived, RunUnknown
from domain.enrolment.facts import LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from tests.given import ENROLLED, LEARNER, NOON, RUNNING, TMA, content, given

WORK = {**LEARNER, "item": "1752", "attempt": "1"}
DUE = datetime(2013, 10, 20, 23, 59, 59, 999_999, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("submitted", "late_seconds"),
    [
        (NOON, 0),
        (DUE, 0),
        (DUE + MICROSECOND, 1),
        (DUE + timedelta(seconds=1), 1),
        (DUE + timedelta(seconds=1) + MICROSECOND, 2),
        (DUE + timedelta(hours=25), 90_000),
    ],
)
def test_a_deadline_is_the_last_moment_in_time(submitted: datetime, late_seconds: int) -> None:
    """Late means submitted > due. Source: rules.md [Canvas, Moodle]."""
    given(*ENROLLED).when("submit-work", submitted, **WORK).then(
        SubmissionReceived("1752", "1", 1, 1, due=DUE, late_seconds=late_seconds)
    )


def test_without_a_due_date_nothing_is_late() -> None:
    """An item without a due date is never late, and pinned to its content version and scale."""
    item = Item("1752", "exam", "Exam", possible="40")
    given(*ENROLLED, content(item, number=7)).when("submit-work", **WORK).then(
        SubmissionReceived("1752", "1", 1, 7, possible="40")
    )


def test_an_attempt_that_is_known_decides_nothing() -> None:
    """A retry answers as the first time: also late, without attempts left, or after leaving."""
    once = Item("1752", "quiz", "Once", attempts=1)
    record = given(*ENROLLED, content(once))
    record.when("submit-work", **WORK)
    record.when("submit-work", **WORK).nothing()
    record.take(LearnerWithdrawn(), RunArchived("AAA-2013J"))
    record.when("submit-work", DUE + timedelta(days=9), **WORK).nothing()


def test_attempts_run_out() -> None:
    """left = max(0, allowed - made). Source: rules.md [Canvas]."""
    record = given(*ENROLLED, content(Item("1752", "quiz", "Twice", attempts=2)))
    for number in (1, 2):
        answer = record.when("submit-work", **{**WORK, "attempt": str(number)})
        assert isinstance(answer.facts[0], SubmissionReceived)
        assert answer.facts[0].number == number
    third = {**WORK, "attempt": "3"}
    record.when("submit-work", **third).refused(AttemptsExhausted, allowed=2, made=2)
    record.take(content(Item("1752", "quiz", "Once", attempts=1), number=2))
    record.when("submit-work", **third).refused(AttemptsExhausted, allowed=1, made=2)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"run": "AAA-1999J"}, RunUnknown),
        ({"subject": "nobody"}, NotEnrolled),
        ({"item": "9"}, ItemUnknown),
        ({"item": "546614"}, ItemNotSubmittable),
        ({"item": "v1"}, ItemNotSubmittable),
    ],
)
def test_what_cannot_be_handed_in_is_refused(body: dict[str, Any], rule: Any) -> None:
    """Each refusal names its rule."""
    given(*ENROLLED).when("submit-work", **{**WORK, **body}).refused(rule)


def test_work_is_for_who_is_in() -> None:
    """Not before enrolling, not after withdrawing, not in an archived run."""
    given(*RUNNING).when("submit-work", **WORK).refused(NotEnrolled, standing="none")
    left = given(*ENROLLED, LearnerWithdrawn())
    left.when("submit-work", **WORK).refused(NotEnrolled, standing="withdrawn")
    archived = given(*ENROLLED, RunArchived("AAA-2013J"))
    archived.when("submit-work", **WORK).refused(RunIsArchived)


def test_an_item_opens_at_its_moment() -> None:
    """opens <= now: the moment itself is in time [Canvas, Moodle]."""
    record = given(*ENROLLED, content(Item("1752", "quiz", "Q", opens=NOON)))
    record.when("submit-work", NOON - MICROSECOND, **WORK).refused(ItemNotOpen)
    assert record.when("submit-work", NOON, **WORK).facts


def test_an_item_that_was_taken_out_takes_no_work() -> None:
    """Work is for the content as it was last published."""
    record = given(*ENROLLED, content(Item("other", "quiz", "Q"), number=2))
    record.when("submit-work", **WORK).refused(ItemUnknown, item=TMA.item, content_version=2)


@pytest.mark.parametrize("artifact", ["", "abc", "g" * 64, "A" * 64, "0" * 65])
def test_an_artifact_is_a_hash(artifact: str) -> None:
    """Only the SHA-256 of the work is recorded, in lower-case hex."""
    with pytest.raises(ValidationError, match="artifact"):
        DECISIONS["submit-work"].model.model_validate({**WORK, "artifact": artifact})
