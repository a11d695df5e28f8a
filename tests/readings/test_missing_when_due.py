"""Is work that is due so long after enrolling scored as missing when its time comes, and once?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import GradingPolicyPublished, Item
from domain.grading.facts import MissingWorkScored
from tests.given import COURSE_FACT, RUN_ID, content, day, placed, run
from tests.readings.school import ENROL, ITEM, NOTHING, PASS, WEIGHTED, School, just_after, missing

WEEK = timedelta(days=7)
QUIZ = Item("q1", "quiz", "Quiz", due_after_s=7 * 86_400, possible="10")
POLICY = GradingPolicyPublished(RUN_ID, 1, WEIGHTED, NOTHING)


@pytest.fixture
def school() -> School:
    return School(COURSE_FACT, run(), content(QUIZ), POLICY)


def test_it_is_scored_just_after_the_learner_s_own_date_and_once(school: School) -> None:
    """min(enrolment start + offset, run end) [edx-when]; the moment itself is in time [Canvas]."""
    school.on(day(3))
    school.send("enrol-learner", **ENROL)
    due = day(3) + WEEK
    school.on(due)
    assert school.scored() == []
    for at in (just_after(due), due + WEEK):
        school.on(at)
    assert school.scored() == [(just_after(due), missing(due))]


def test_each_learner_has_their_own_date(school: School) -> None:
    """Who enrols two days later has two days more; who handed in has nothing missing."""
    school.send("enrol-learner", **ENROL)
    school.on(day(2))
    school.send("enrol-learner", **{**ENROL, "subject": "later"})
    school.send("enrol-learner", **{**ENROL, "subject": "diligent"})
    school.take(placed(SubmissionReceived("q1", "1", 1, 1), subject="diligent", at=school.now))
    school.on(day(0) + WEEK)
    school.on(just_after(day(2) + WEEK))
    assert [fact.due for _, fact in school.scored()] == [day(0, 0) + WEEK, day(2) + WEEK]  # type: ignore[attr-defined]


def test_it_survives_an_extension_and_its_withdrawal(school: School) -> None:
    """Another date for the learner holds as long as it stands."""
    school.send("enrol-learner", **ENROL)
    granted = day(20)
    school.send("grant-extension", **ITEM, due=granted.isoformat(), reason="Ill")
    school.on(just_after(day(0, 0) + WEEK))
    assert school.scored() == []
    school.on(just_after(granted))
    school.on(granted + WEEK)
    assert school.scored() == [(just_after(granted), missing(granted))]

    again = School(COURSE_FACT, run(), content(QUIZ), POLICY)
    again.send("enrol-learner", **ENROL)
    again.send("grant-extension", **ITEM, due=granted.isoformat(), reason="Ill")
    again.send("withdraw-extension", **ITEM, reason="Granted to the wrong learner")
    due = day(0, 0) + WEEK
    again.on(just_after(due))
    again.on(just_after(granted))
    assert again.scored() == [(just_after(due), missing(due))]


def test_an_override_of_the_run_holds_until_it_is_removed(school: School) -> None:
    """What had fallen due by the learner's own date is scored when that counts again."""
    school.send("enrol-learner", **ENROL)
    there = {"run": RUN_ID, "item": "q1", "reason": "Snow"}
    school.send("override-due-date", **there, due=day(30).isoformat())
    school.on(day(9))
    assert school.scored() == []
    school.send("remove-due-override", **there)
    assert school.scored() == [(day(9), missing(day(0, 0) + WEEK))]


def test_who_is_in_already_is_asked_for_when_content_or_policy_come() -> None:
    """A version or a policy published after they enrolled counts for them all the same."""
    school = School(COURSE_FACT, run())
    school.send("enrol-learner", **ENROL)
    body = {"item": "q1", "kind": "quiz", "title": "Quiz", "due_after_s": 7 * 86_400}
    school.send("publish-content", run=RUN_ID, items=[{**body, "possible": "10"}])
    school.send("publish-grading-policy", run=RUN_ID, policy=PASS, late={"missing": 100})
    due = day(0, 0) + WEEK
    school.on(just_after(due))
    assert school.scored() == [(just_after(due), missing(due))]
    body["item"] = "q2"
    body["due_after_s"] = 86_400
    school.send("publish-content", run=RUN_ID, items=[{**body, "possible": "10"}])
    (_, second) = school.scored()
    assert second[1] == MissingWorkScored("q2", "0", "10", day(1, 0), "100", 1)


def test_it_follows_the_run_when_that_is_rescheduled(school: School) -> None:
    """A run that ends earlier has it due earlier; one that starts later, later."""
    school.send("enrol-learner", **ENROL)
    ends = day(4, 0)
    school.send("reschedule-run", run=RUN_ID, starts=day(0, 0).isoformat(), ends=ends.isoformat())
    school.on(just_after(ends))
    assert school.scored() == [(just_after(ends), missing(ends))]

    later = School(COURSE_FACT, run(), content(QUIZ), POLICY)
    later.send("enrol-learner", **ENROL)
    starts = day(5, 0).isoformat()
    later.send("reschedule-run", run=RUN_ID, starts=starts, ends=day(99).isoformat())
    later.on(just_after(day(0, 0) + WEEK))
    assert later.scored() == []
    due = day(5, 0) + WEEK
    later.on(just_after(due))
    assert later.scored() == [(just_after(due), missing(due))]


def test_a_run_that_scores_no_missing_work_asks_for_nothing() -> None:
    """Nobody is troubled; the fact says nothing of dates."""
    school = School(COURSE_FACT, run(), content(QUIZ))
    (enrolled,) = school.send("enrol-learner", **ENROL)
    assert not enrolled.scores_missing  # type: ignore[attr-defined]
    school.on(day(30))
    assert (school.scored(), school.keys) == ([], set())
