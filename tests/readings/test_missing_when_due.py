"""Is work that is due by a learner's own time scored as missing when that comes, and once?

Their own is what is due so long after enrolling, and what was due before they came.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import GradingPolicyPublished, Item, ItemDue
from domain.grading.facts import MissingWorkCleared, MissingWorkScored
from tests.given import COURSE_FACT, LEARNER, RUN_ID, content, day, placed, run
from tests.readings.school import ENROL, ITEM, NOTHING, WEIGHTED, School, just_after, missing

ELSEWHERE = "AAA-2014J"
WEEK = timedelta(days=7)
QUIZ = Item("q1", "quiz", "Quiz", due_after_s=7 * 86_400, possible="10")
POLICY = GradingPolicyPublished(RUN_ID, 1, WEIGHTED, NOTHING)
FIXED = Item("q1", "quiz", "Quiz", due=day(5), possible="10")
SAME_DAY = GradingPolicyPublished(RUN_ID, 1, WEIGHTED, NOTHING, (ItemDue("q1", day(5)),))


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
    policy = {
        "categories": [{"name": "TMA", "weight": 1}],
        "cutoffs": [{"letter": "Pass", "percent": 40}],
    }
    school.send("publish-grading-policy", run=RUN_ID, policy=policy, late={"missing": 100})
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
    (early,) = fixed.send("enrol-learner", **{**ENROL, "subject": "early"})
    assert not early.missing_from  # type: ignore[attr-defined]
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


def test_a_run_that_scores_no_missing_work_asks_for_nothing() -> None:
    """Nobody is troubled; the fact says nothing of dates."""
    school = School(COURSE_FACT, run(), content(QUIZ))
    (enrolled,) = school.send("enrol-learner", **ENROL)
    assert not enrolled.missing_from  # type: ignore[attr-defined]
    school.on(day(30))
    assert (school.scored(), school.keys) == ([], set())
