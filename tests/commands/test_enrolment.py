"""Who gets into a run, and who out of it?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    SeatsCounted,
    SeatsLimited,
)
from domain.catalogue.rules import RunIsArchived, RunUnknown
from domain.enrolment.facts import (
    Demographics,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    SeatReleased,
    SeatTaken,
)
from domain.enrolment.rules import (
    AlreadyEnrolled,
    ModeNotOffered,
    NotEnrolled,
    NothingToCarry,
    OtherCourse,
    PrerequisiteUnmet,
    RunFull,
    SeatsBeingCounted,
    WindowClosed,
)
from domain.grading.facts import (
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    ResultTransferred,
    SubmissionGraded,
)
from domain.kernel import Fact, Personal
from tests.given import (
    COURSE_FACT,
    ENROLLED,
    LEARNER,
    NOON,
    RUN_ID,
    RUNNING,
    SUBJECT,
    TMA,
    Placed,
    content,
    day,
    given,
    placed,
    run,
)

EARLIER = "BBB-2012J"
NEXT = "AAA-2014J"


def test_a_learner_enrols() -> None:
    """In a run without limit an enrolment is one fact, with what the learner told, to be sealed."""
    told = {"gender": "F", "disability": False, "studied_credits": 60}
    given(*RUNNING).when("enrol-learner", **LEARNER, demographics=told, day_known=False).then(
        LearnerEnrolled(
            "audit",
            day_known=False,
            demographics=Personal(
                value=Demographics(gender="F", disability=False, studied_credits=60)
            ),
        )
    )


def test_enrolling_again_changes_nothing() -> None:
    """In the same mode it is so already, also when the window has closed and the run is full."""
    record = given(
        COURSE_FACT,
        run(capacity=1, closes=day(2)),
        SeatsLimited(RUN_ID, 1),
        SeatsCounted(RUN_ID, (), 0),
        LearnerEnrolled("verified", seat=True),
        SeatTaken(SUBJECT),
    )
    record.when("enrol-learner", day(9), **LEARNER, mode="verified").nothing()
    record.when("enrol-learner", day(9), **LEARNER, mode="audit").refused(
        AlreadyEnrolled, mode="verified"
    )


def test_checks_come_in_their_order() -> None:
    """Run exists, not enrolled, window, prerequisites, mode, seat. Source: rules.md [Open edX].

    Everything is wrong at first, and mended one by one: each refusal names the next rule.
    """
    wrong = {**LEARNER, "mode": "golden"}
    full = (SeatsLimited(RUN_ID, 0), SeatsCounted(RUN_ID, (), 0))
    needs = PrerequisiteSet("AAA", Prerequisite("BBB"))
    closed = run(opens=day(30), closes=day(40))
    given(needs, *full).when("enrol-learner", **wrong).refused(RunUnknown, run=RUN_ID)
    record = given(COURSE_FACT, closed, needs, *full)
    within = given(COURSE_FACT, closed, needs, *full, LearnerEnrolled("audit"))
    within.when("enrol-learner", **wrong).refused(AlreadyEnrolled)
    record.when("enrol-learner", **wrong).refused(WindowClosed, run=RUN_ID)
    record.when("enrol-learner", day(30), **wrong).refused(PrerequisiteUnmet)
    record.take(PrerequisiteSet("AAA", None))
    record.when("enrol-learner", day(30), **wrong).refused(ModeNotOffered, mode="golden")
    right = {**LEARNER, "mode": "audit"}
    record.when("enrol-learner", day(30), **right).refused(RunFull, capacity=0, taken=0)
    record.take(SeatsLimited(RUN_ID, 1, 2))
    record.when("enrol-learner", day(30), **right).then(
        LearnerEnrolled("audit", seat=True), SeatTaken(SUBJECT)
    )


@pytest.mark.parametrize(
    ("at", "is_open"),
    [(day(4, 11), False), (day(4, 12), True), (day(8, 11), True), (day(8, 12), False)],
)
def test_the_window_is_half_open(at: Any, is_open: bool) -> None:
    """opens <= now < closes. Source: rules.md [Canvas, Moodle]."""
    record = given(COURSE_FACT, run(opens=day(4, 12), closes=day(8, 12)))
    answer = record.when("enrol-learner", at, **LEARNER)
    if is_open:
        answer.then(LearnerEnrolled("audit"))
    else:
        answer.refused(WindowClosed, opens="2013-10-05T12:00:00Z", closes="2013-10-09T12:00:00Z")


def test_an_archived_run_takes_nobody() -> None:
    """An archived run takes no more enrolments."""
    given(*RUNNING, RunArchived(RUN_ID)).when("enrol-learner", **LEARNER).refused(RunIsArchived)


def earlier(*facts: Fact) -> tuple[Placed | Fact, ...]:
    """What the learner did in a run of course BBB, which AAA requires."""
    return (*RUNNING, run(EARLIER, "BBB"), *(placed(fact, run=EARLIER) for fact in facts))


def graded(percent: int) -> CourseGradeComputed:
    """A computed grade."""
    return CourseGradeComputed(percent, None, "0", "0" * 64, 1)


PASS = (graded(55), CoursePassed(55, "computed"))


@pytest.mark.parametrize(
    ("minimum", "results", "met"),
    [
        (None, (), False),
        (None, (OutcomeRecorded("pass"),), True),
        (None, (OutcomeRecorded("distinction"),), True),
        (None, PASS, True),
        (None, (*PASS, OutcomeRecorded("fail")), False),
        (None, (graded(90),), False),
        (55, (graded(55),), True),
        (56, (graded(55),), False),
        (40, (graded(90), OutcomeRecorded("fail")), False),
        (40, (OutcomeRecorded("pass"),), False),
    ],
)
def test_a_prerequisite_is_a_pass_or_a_grade(
    minimum: int | None, results: tuple[Fact, ...], met: bool
) -> None:
    """A passed course, or a minimum grade in it; the board counts over the computed grade.

    The run that satisfied it is named in LearnerEnrolled. Source: rules.md, Enrolment.
    """
    record = given(*earlier(*results), PrerequisiteSet("AAA", Prerequisite("BBB", minimum)))
    answer = record.when("enrol-learner", **LEARNER, satisfied_by=EARLIER)
    if met:
        answer.then(LearnerEnrolled("audit", satisfied_by=EARLIER))
    else:
        answer.refused(PrerequisiteUnmet, prerequisite="BBB", minimum_percent=minimum)


@pytest.mark.parametrize("named", [None, RUN_ID, "unknown", "CCC-2012J"])
def test_a_prerequisite_is_met_in_its_own_course(named: str | None) -> None:
    """A pass in a run of another course, in an unknown run or in none does not count."""
    record = given(
        *earlier(OutcomeRecorded("pass")),
        run("CCC-2012J", "CCC"),
        placed(OutcomeRecorded("pass"), run="CCC-2012J"),
        PrerequisiteSet("AAA", Prerequisite("BBB")),
    )
    record.when("enrol-learner", **LEARNER, satisfied_by=named).refused(PrerequisiteUnmet)


def test_somebody_elses_pass_does_not_count() -> None:
    """The result is looked up in the learner's own enrolment."""
    record = given(
        *RUNNING,
        run(EARLIER, "BBB"),
        placed(OutcomeRecorded("pass"), run=EARLIER, subject="oulad-2"),
        PrerequisiteSet("AAA", Prerequisite("BBB")),
    )
    record.when("enrol-learner", **LEARNER, satisfied_by=EARLIER).refused(PrerequisiteUnmet)


def test_what_is_not_required_is_not_named() -> None:
    """Without a prerequisite, satisfied_by means nothing and is not recorded."""
    given(*RUNNING).when("enrol-learner", **LEARNER, satisfied_by=EARLIER).then(
        LearnerEnrolled("audit")
    )


def test_a_learner_withdraws_once() -> None:
    """Withdrawing twice changes nothing; the reason is personal."""
    record = given(*ENROLLED).when("withdraw-learner", **LEARNER, reason="Ill")
    left = record.then(LearnerWithdrawn(Personal(value="Ill")))
    left.when("withdraw-learner", **LEARNER, reason="Ill").nothing()


def test_only_who_is_in_can_leave() -> None:
    """Withdrawing is for a learner of a run that there is."""
    given(*RUNNING).when("withdraw-learner", **LEARNER).refused(NotEnrolled, standing="none")
    given().when("withdraw-learner", **LEARNER).refused(RunUnknown)


def test_coming_back_keeps_the_work() -> None:
    """Withdrawing and enrolling again carries progress; elsewhere the history vanished
    (Submitty#9592). Source: rules.md, Enrolment."""
    work = SubmissionReceived("1752", "1", 1, 1)
    record = given(*ENROLLED, work, LearnerWithdrawn())
    record.when("enrol-learner", **LEARNER).then(LearnerEnrolled("audit"))
    record.when("submit-work", **LEARNER, item="1752", attempt="1").nothing()


def test_coming_back_can_mean_to_begin_afresh() -> None:
    """A run may say that progress is not carried: attempts and results count from nothing."""
    work = SubmissionReceived("1752", "1", 1, 1)
    record = given(
        COURSE_FACT,
        run(carry_progress=False),
        content(TMA),
        LearnerEnrolled("audit"),
        work,
        LearnerWithdrawn(),
    )
    record.when("enrol-learner", **LEARNER).then(LearnerEnrolled("audit", afresh=True))
    answer = record.when("submit-work", **LEARNER, item="1752", attempt="1")
    assert isinstance(answer.facts[0], SubmissionReceived)
    assert answer.facts[0].number == 1


LIMITED = (
    COURSE_FACT,
    run(capacity=2),
    content(TMA),
    SeatsLimited(RUN_ID, 2),
    SeatsCounted(RUN_ID, (), 0),
)


def test_a_withdrawal_gives_the_seat_back() -> None:
    """In a limited run a withdrawal is two facts."""
    record = given(*LIMITED, LearnerEnrolled("audit", seat=True), SeatTaken(SUBJECT))
    record.when("withdraw-learner", **LEARNER).then(LearnerWithdrawn(), SeatReleased(SUBJECT))


def test_a_new_limit_closes_the_run_until_it_is_counted() -> None:
    """Who is in when seats become limited is counted; those who leave meanwhile are not in.

    Source: architecture.md, "a run without limit on seats writes nothing in run seats".
    """
    record = given(*ENROLLED, SeatsLimited(RUN_ID, 2))
    newcomer = {"run": RUN_ID, "subject": "new-1"}
    record.when("enrol-learner", **newcomer).refused(SeatsBeingCounted)
    record.when("withdraw-learner", **LEARNER).then(LearnerWithdrawn(), SeatReleased(SUBJECT))
    record.when("count-seats", run=RUN_ID, number=1, at_position=5, taken=[SUBJECT, "old-1"])
    assert record.states[f"main/run-seats/{RUN_ID}"].taken == 1
    record.when("enrol-learner", **newcomer).then(
        LearnerEnrolled("audit", seat=True), SeatTaken("new-1")
    )
    record.when("enrol-learner", run=RUN_ID, subject="new-2").refused(RunFull, taken=2)


def test_who_was_counted_gives_a_seat_back() -> None:
    """A learner who enrolled before there was a limit holds a seat from the count on."""
    record = given(*ENROLLED, SeatsLimited(RUN_ID, 1), SeatsCounted(RUN_ID, (SUBJECT,), 5))
    record.when("enrol-learner", run=RUN_ID, subject="new-1").refused(RunFull)
    record.when("withdraw-learner", **LEARNER).then(LearnerWithdrawn(), SeatReleased(SUBJECT))
    record.when("enrol-learner", run=RUN_ID, subject="new-1").then(
        LearnerEnrolled("audit", seat=True), SeatTaken("new-1")
    )


def test_a_lower_limit_puts_nobody_out() -> None:
    """Capacity may fall below what is taken: nobody new comes in until it fits again."""
    record = given(*LIMITED)
    for subject in ("a", "b"):
        record.when("enrol-learner", run=RUN_ID, subject=subject)
    record.when("limit-seats", run=RUN_ID, capacity=1).then(SeatsLimited(RUN_ID, 1, 2))
    record.when("withdraw-learner", run=RUN_ID, subject="a")
    record.when("enrol-learner", run=RUN_ID, subject="c").refused(RunFull, capacity=1, taken=1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("enrol", "enrol", "enrol", "withdraw", "limit", "count")),
        st.integers(0, 6),
        st.sampled_from((RUN_ID, NEXT)),
    ),
    max_size=60,
)


@settings(deadline=None)
@over(STEPS)
def test_no_run_is_ever_over_capacity(steps: list[tuple[str, int, str]]) -> None:
    """Judged by a plain list of who is in: nobody is let in beyond the number of seats.

    Source: rules.md, "no run is ever over capacity" [Open edX and others check, then write,
    unlocked]. And a seat that is free is given.
    """
    record = given(COURSE_FACT, run(), run(NEXT))
    inside: dict[str, set[str]] = {RUN_ID: set(), NEXT: set()}
    capacity: dict[str, int | None] = {RUN_ID: None, NEXT: None}
    limits = {RUN_ID: 0, NEXT: 0}
    counted = {RUN_ID: True, NEXT: True}
    for step, n, where in steps:
        subject = f"s{n}"
        match step:
            case "enrol":
                answer = record.when("enrol-learner", run=where, subject=subject)
                limit = capacity[where]
                free = limit is None or (counted[where] and len(inside[where]) < limit)
                assert bool(answer.facts) == (free and subject not in inside[where])
                if answer.facts:
                    inside[where].add(subject)
            case "withdraw":
                answer = record.when("withdraw-learner", run=where, subject=subject)
                assert bool(answer.facts) == (subject in inside[where])
                inside[where].discard(subject)
            case "limit":
                wanted = None if n == 0 else n
                if record.when("limit-seats", run=where, capacity=wanted).facts:
                    counted[where] = counted[where] and None not in (capacity[where], wanted)
                    counted[where] = counted[where] or wanted is None
                    capacity[where] = wanted
                    limits[where] += 1
            case "count":
                taken = sorted(inside[where])
                answer = record.when(
                    "count-seats", run=where, number=limits[where] or 1, at_position=1, taken=taken
                )
                counted[where] = counted[where] or bool(answer.facts)


def test_a_transfer_moves_learner_seat_and_results() -> None:
    """It is recorded in both enrolments, and says which results were carried ("banked")."""
    record = given(
        *LIMITED,
        run(NEXT, capacity=1),
        content(TMA, run_id=NEXT),
        SeatsLimited(NEXT, 1),
        SeatsCounted(NEXT, (), 0),
        LearnerEnrolled("verified", seat=True, satisfied_by=EARLIER),
        SeatTaken(SUBJECT),
        SubmissionReceived("1752", "1", 1, 1),
        SubmissionGraded("1752", "1", "60", "100", "g"),
        SubmissionReceived("1752", "2", 2, 1),
        SubmissionGraded("1752", "2", "15", "20", "g"),
    )
    body = {"subject": SUBJECT, "from_run": RUN_ID, "to_run": NEXT, "carry": ["1752"]}
    answer = record.when("transfer-enrolment", **body)
    assert {(entry.stream, entry.fact) for entry in answer.decided} == {
        (
            f"main/enrolment/{RUN_ID}/{SUBJECT}",
            EnrolmentTransferred("out", RUN_ID, NEXT, ("1752",)),
        ),
        (f"main/run-seats/{RUN_ID}", SeatReleased(SUBJECT)),
        (f"main/enrolment/{NEXT}/{SUBJECT}", EnrolmentTransferred("in", RUN_ID, NEXT, ("1752",))),
        (
            f"main/enrolment/{NEXT}/{SUBJECT}",
            LearnerEnrolled("verified", seat=True, satisfied_by=EARLIER),
        ),
        (f"main/enrolment/{NEXT}/{SUBJECT}", ResultTransferred("1752", "15", "20", RUN_ID)),
        (f"main/run-seats/{NEXT}", SeatTaken(SUBJECT)),
    }
    record.when("transfer-enrolment", **body).nothing()
    record.when("submit-work", **LEARNER, item="1752", attempt="3").refused(
        NotEnrolled, standing="transferred"
    )
    record.when("enrol-learner", run=NEXT, subject="late").refused(RunFull)


def test_a_transfer_is_checked_like_an_enrolment() -> None:
    """Not enrolled there, window, mode, seat [Open edX]; and it stays within one course."""
    body = {"subject": SUBJECT, "from_run": RUN_ID, "to_run": NEXT, "carry": ["1752"]}
    given(*ENROLLED).when("transfer-enrolment", **body).refused(RunUnknown, run=NEXT)
    here = (*ENROLLED, content(TMA, run_id=NEXT))
    given(*RUNNING, run(NEXT)).when("transfer-enrolment", **body).refused(NotEnrolled)
    given(*here, run(NEXT, "BBB")).when("transfer-enrolment", **body).refused(OtherCourse)
    already = given(*here, run(NEXT), placed(LearnerEnrolled("audit"), run=NEXT))
    already.when("transfer-enrolment", **body).refused(AlreadyEnrolled, run=NEXT)
    closed = given(*here, run(NEXT, closes=day(1)))
    closed.when("transfer-enrolment", NOON, **body).refused(WindowClosed, run=NEXT)
    other_modes = given(*here, run(NEXT, modes=("audit",)))
    other_modes.when("transfer-enrolment", **body).refused(ModeNotOffered, mode="verified")
    full = given(*here, run(NEXT), SeatsLimited(NEXT, 0), SeatsCounted(NEXT, (), 0))
    full.when("transfer-enrolment", **body).refused(RunFull, run=NEXT)
    given(*here, run(NEXT)).when("transfer-enrolment", **body).refused(NothingToCarry, item="1752")
