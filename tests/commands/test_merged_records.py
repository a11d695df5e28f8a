"""Does nothing begin under a record that was merged away, and is a person forgotten as a whole?"""

from __future__ import annotations

from datetime import UTC, datetime

from domain.catalogue.facts import CourseCreated
from domain.enrolment.facts import LearnerEnrolled, SeatTaken
from domain.learners.facts import LearnerRegistered
from domain.learners.rules import LearnerIsMerged
from domain.privacy.facts import (
    ErasureBegun,
    ErasureHeld,
    ErasureRequested,
    LegalHoldLifted,
    LegalHoldPlaced,
)
from domain.privacy.rules import ErasureAskedFor
from tests.given import COURSE_ID, RUN_ID, SUBJECT, Placed, Record, given, placed, run

OTHER_RUN = "AAA-2014J"
WHY = {"reason": "One person"}
GROUND = "objection"
ERASE = {"subject": SUBJECT, "ground": GROUND}
LATER = datetime(2013, 12, 1, tzinfo=UTC)


def one_person() -> Record:
    """A person with three records: ``older`` was merged into ``old``, and that into SUBJECT."""
    record = given(
        CourseCreated(COURSE_ID, "A course"),
        run(),
        run(OTHER_RUN),
        LearnerRegistered(SUBJECT),
        placed(LearnerRegistered("old"), subject="old"),
    )
    record.when("merge-learners", subject="older", into="old", **WHY)
    record.when("merge-learners", subject="old", into=SUBJECT, **WHY)
    return record


def begun(record: Record) -> set[str]:
    """Return whose erasure has begun."""
    return {
        stream.rpartition("/")[2]
        for stream, state in record.states.items()
        if "/erasure/" in stream and state.begun
    }


def test_who_was_merged_away_enrols_as_who_they_are() -> None:
    """Once taken apart again, they enrol by themselves."""
    record = one_person()
    body = {"run": RUN_ID, "mode": "audit"}
    for name in ("enrol-learner", "join-waitlist"):
        record.when(name, subject="old", **body).refused(
            LearnerIsMerged, subject="old", merged_into=SUBJECT
        )
    record.when("enrol-learner", subject=SUBJECT, **body).then(LearnerEnrolled(mode="audit"))
    record.when("unmerge-learners", subject="old", into=SUBJECT, **WHY)
    record.when("enrol-learner", subject="old", **body).then(LearnerEnrolled(mode="audit"))


def test_what_began_before_goes_on_and_goes_nowhere_else() -> None:
    """The enrolment stays what it is; enrolling once more changes nothing; another run is begun
    under the record that stands."""
    record = one_person()
    record.take(placed(LearnerEnrolled(mode="audit"), subject="old"))
    body = {"run": RUN_ID, "subject": "old"}
    record.when("enrol-learner", **body, mode="audit").nothing()
    moved = {"subject": "old", "from_run": RUN_ID, "to_run": OTHER_RUN}
    record.when("transfer-enrolment", **moved).refused(LearnerIsMerged, merged_into=SUBJECT)
    assert record.when("withdraw-learner", **body).facts


def test_a_seat_that_was_offered_before_is_not_taken_by_the_record_merged_away() -> None:
    """The refusal comes before any seat is counted."""
    answer = one_person().when("enrol-learner", run=RUN_ID, subject="older", mode="verified")
    answer.refused(LearnerIsMerged, merged_into="old")
    assert not [one for one in answer.record.history if isinstance(one.fact, SeatTaken)]


def test_all_records_of_a_person_are_erased_together() -> None:
    """Each with a request and a beginning of its own, once; and each names the others."""
    record = one_person()
    asked = record.when("erase-learner", **ERASE)
    told = {(one.stream.rpartition("/")[2], one.fact) for one in asked.decided}
    everybody = {SUBJECT, "old", "older"}
    assert told == {
        fact
        for who in everybody
        for fact in (
            (who, ErasureRequested(GROUND, together=tuple(sorted(everybody - {who})))),
            (who, ErasureBegun(GROUND)),
        )
    }
    record.when("erase-learner", **ERASE).nothing()
    record.when("erase-learner", subject="old", ground=GROUND).nothing()


def test_a_record_merged_away_is_not_erased_alone() -> None:
    """Who asks is told whom to erase."""
    record = one_person()
    record.when("erase-learner", subject="older", ground=GROUND).refused(
        LearnerIsMerged, merged_into="old"
    )


def test_a_legal_hold_on_one_record_keeps_all() -> None:
    """Wherever it stands, and also one that is placed while they wait; the last one lifted lets
    all of them begin."""
    record = one_person()
    hold = {"hold": "h1", "ground": "legal-claim"}
    record.when("place-legal-hold", subject="older", **hold)
    asked = record.when("erase-learner", **ERASE)
    assert [one.fact for one in asked.decided].count(ErasureHeld(("h1",))) == 3
    late = {"subject": "old", "hold": "h2"}
    record.when("place-legal-hold", **late, ground="legal-claim").then(
        LegalHoldPlaced("h2", "legal-claim")
    )
    lifted = record.when("lift-legal-hold", subject="older", hold="h1")
    lifted.then(LegalHoldLifted("h1"))
    assert begun(record) == set()
    record.when("erase-learner", **ERASE).nothing()
    record.when("lift-legal-hold", **late)
    assert begun(record) == {SUBJECT, "old", "older"}
    record.when("lift-legal-hold", **late).nothing()


def test_who_was_parted_while_they_waited_is_somebody_else() -> None:
    """The mistake is found in time: only the person's own records begin."""
    record = one_person()
    record.when("place-legal-hold", subject=SUBJECT, hold="h1", ground="legal-claim")
    record.when("erase-learner", **ERASE)
    record.when("unmerge-learners", subject="old", into=SUBJECT, **WHY)
    record.when("lift-legal-hold", subject=SUBJECT, hold="h1")
    assert begun(record) == {SUBJECT}
    record.when("erase-learner", subject="old", ground=GROUND)
    assert begun(record) == {SUBJECT, "old", "older"}


def test_nothing_is_merged_into_a_record_that_is_to_be_erased() -> None:
    """It would be left behind; the other way round it goes, and nothing is left."""
    record = given(LearnerRegistered(SUBJECT), placed(LearnerRegistered("late"), subject="late"))
    record.when("erase-learner", **ERASE)
    record.when("merge-learners", subject="late", into=SUBJECT, **WHY).refused(
        ErasureAskedFor, subject=SUBJECT
    )
    record.when("merge-learners", subject=SUBJECT, into="late", **WHY)
    asked = record.when("erase-learner", subject="late", ground=GROUND)
    assert {one.stream for one in asked.decided} == {"main/erasure/late"}
    assert begun(record) == {SUBJECT, "late"}


def test_one_that_waited_by_itself_waits_with_the_others() -> None:
    """It was asked for before the merger: lifting its hold is enough for all."""
    record = given(
        LearnerRegistered(SUBJECT),
        Placed("main/erasure/old", LegalHoldPlaced("h1", "legal-claim"), LATER),
        Placed("main/erasure/old", ErasureRequested("consent-withdrawn"), LATER),
        Placed("main/erasure/old", ErasureHeld(("h1",)), LATER),
    )
    record.when("merge-learners", subject="old", into=SUBJECT, **WHY)
    record.when("erase-learner", **ERASE)
    assert begun(record) == set()
    lifted = record.when("lift-legal-hold", subject="old", hold="h1")
    grounds = {one.fact.ground for one in lifted.decided if isinstance(one.fact, ErasureBegun)}
    assert grounds == {"consent-withdrawn", GROUND}
    assert begun(record) == {SUBJECT, "old"}
