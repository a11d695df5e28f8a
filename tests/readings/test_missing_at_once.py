"""Is work scored as missing at once where its date had gone by before there was anything to ask?

A learner comes after the date, or comes under an earlier one, or the record is told only later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import GradingPolicyPublished, Item, ItemDue
from domain.grading.facts import MissingWorkCleared
from tests.given import COURSE_FACT, LEARNER, RUN_ID, content, day, placed, run
from tests.readings.school import ENROL, ITEM, NOTHING, PASS, WEIGHTED, School, just_after, missing

ELSEWHERE = "AAA-2014J"
FIXED = Item("q1", "quiz", "Quiz", due=day(5), possible="10")
SAME_DAY = GradingPolicyPublished(RUN_ID, 1, WEIGHTED, NOTHING, (ItemDue("q1", day(5)),))


@pytest.fixture
def fixed() -> School:
    """A run with an item that is due on one day for all."""
    return School(COURSE_FACT, run(), content(FIXED), SAME_DAY)


@pytest.mark.parametrize("came", [day(0), day(5, 11), day(5), just_after(day(5)), day(9)])
def test_who_comes_after_a_date_has_missed_it_at_once(fixed: School, came: datetime) -> None:
    """Missing is what is past its date without work, and no rule excepts who was not there then
    [Canvas]: the date holds for all, and nobody's grade waits for being asked for."""
    fixed.on(came)
    fixed.send("enrol-learner", **ENROL)
    fixed.on(max(came, just_after(day(5))))
    fixed.on(day(30))
    assert fixed.scored() == [(max(came, just_after(day(5))), missing(day(5)))]


def test_who_was_not_seen_yet_when_everybody_was_asked_for_is_asked_for_too(fixed: School) -> None:
    """They enrolled a moment before the date, and the readings came to know of it after."""
    enrolled = fixed.record.decide("enrol-learner", ENROL, day(5) - timedelta(seconds=1))
    fixed.on(just_after(day(5)))
    fixed.take(*enrolled)
    fixed.on(day(5, 13))
    assert fixed.scored() == [(day(5, 13), missing(day(5)))]


def test_the_date_gone_by_is_the_one_that_counts(fixed: School) -> None:
    """Another date of the run, before it and after; an extension then clears what was missed."""
    there = {"run": RUN_ID, "item": "q1", "reason": "Snow"}
    fixed.send("override-due-date", **there, due=day(7).isoformat())
    fixed.on(day(6))
    fixed.send("enrol-learner", **{**ENROL, "subject": "early"})
    assert fixed.scored() == []
    fixed.on(day(9))
    fixed.send("enrol-learner", **ENROL)
    assert fixed.scored() == [(day(9), missing(day(7)))] * 2
    fixed.send("grant-extension", **ITEM, due=day(12).isoformat(), reason="Came late")
    assert fixed.scored()[2:] == [(day(9), MissingWorkCleared("q1", day(12)))]


def test_who_comes_back_has_missed_what_was_due_meanwhile(fixed: School) -> None:
    """Nobody is asked for while they are away; what they had handed in before is not missing."""
    for subject in (ENROL["subject"], "diligent"):
        fixed.send("enrol-learner", **{**ENROL, "subject": subject})
    fixed.take(placed(SubmissionReceived("q1", "1", 1, 1), subject="diligent", at=fixed.now))
    for subject in (ENROL["subject"], "diligent"):
        fixed.send("withdraw-learner", **{**LEARNER, "subject": subject})
    fixed.on(day(9))
    assert fixed.scored() == []
    for subject in (ENROL["subject"], "diligent"):
        fixed.send("enrol-learner", **{**ENROL, "subject": subject})
    assert fixed.scored() == [(day(9), missing(day(5)))]


def test_who_moves_here_from_another_run_has_missed_what_was_due_before(fixed: School) -> None:
    """A transfer brings a learner in as enrolling does."""
    fixed.take(placed(run(ELSEWHERE)))
    fixed.send("enrol-learner", **{**ENROL, "run": ELSEWHERE})
    fixed.on(day(9))
    there = {"from_run": ELSEWHERE, "to_run": RUN_ID}
    fixed.send("transfer-enrolment", subject=ENROL["subject"], **there)
    assert fixed.scored() == [(day(9), missing(day(5)))]


def told_later(school: School, command: str, at: datetime, **body: str) -> None:
    """An importer says now what was some time ago, and what follows is judged by that time."""
    school.take(*school.record.decide(command, {**LEARNER, **body}, at))
    school.step()


def test_an_enrolment_that_is_told_of_after_the_date_is_asked_for_then(fixed: School) -> None:
    """They were in the run for days when everybody was asked for, but the record did not know."""
    fixed.on(just_after(day(5)))
    told_later(fixed, "enrol-learner", day(1), mode="audit")
    fixed.on(day(9))
    assert fixed.scored() == [(just_after(day(5)), missing(day(5)))]


COHORT, WHY = {"cohort": "evening"}, {"item": "q1", "reason": "Ill"}
IN_COHORT = ("join-cohort", {**LEARNER, **COHORT})
Sent = tuple[str, dict[str, str]]


@pytest.mark.parametrize(
    ("before", "command", "body", "due"),
    [
        ((), "join-cohort", COHORT, day(3)),
        ((IN_COHORT,), "leave-cohort", COHORT, day(5)),
        (
            (("grant-extension", {**ITEM, "due": day(20).isoformat(), "reason": "Ill"}),),
            "withdraw-extension",
            WHY,
            day(5),
        ),
        ((("excuse-item", {**LEARNER, **WHY}),), "withdraw-excuse", WHY, day(5)),
        ((("override-score", {**LEARNER, **WHY, "score": "7"}),), "remove-override", WHY, day(5)),
    ],
)
def test_what_leaves_work_missing_has_it_scored_at_once(
    fixed: School, before: tuple[Sent, ...], command: str, body: dict[str, str], due: datetime
) -> None:
    """Also where it is told of after the date, as of before it; and once."""
    fixed.send("enrol-learner", **ENROL)
    joins = command == "join-cohort"
    cohort = {"due": day(3 if joins else 20).isoformat(), **COHORT}
    fixed.send("override-due-date", run=RUN_ID, **WHY, **cohort)
    if joins:
        fixed.send("override-due-date", run=RUN_ID, **WHY, due=day(20).isoformat())
    for name, terms in before:
        fixed.send(name, **terms)
    fixed.on(day(9))
    assert fixed.scored() == []
    told_later(fixed, command, day(2), **body)
    fixed.on(day(30))
    assert fixed.scored() == [(day(9), missing(due))]


def test_a_policy_that_comes_after_another_date_asks_for_that_too() -> None:
    """The cohort's date had gone by, the item's own is yet to come."""
    school = School(COURSE_FACT, run(), content(FIXED))
    school.send("enrol-learner", **ENROL)
    school.send("override-due-date", run=RUN_ID, **WHY, due=day(3).isoformat(), **COHORT)
    school.send("join-cohort", **LEARNER, **COHORT)
    school.on(day(4))
    school.send("publish-grading-policy", run=RUN_ID, policy=PASS, late={"missing": 100})
    assert school.scored() == [(day(4), missing(day(3)))]
