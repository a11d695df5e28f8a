"""Who reviews whose work, until when, and what do the reviews come to?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import Criterion, Item, PeerTask
from domain.due import NotDue
from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import SubmissionGraded
from domain.peer_review.facts import (
    Part,
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
)
from domain.peer_review.rules import (
    NotAPeerTask,
    NothingToReview,
    OwnWorkFirst,
    PartsMismatch,
    PeerScoreNotReady,
    ReviewIsSubmitted,
    ReviewLeaseEnded,
    ReviewOpen,
    ReviewUnknown,
)
from domain.peer_review.scoring import median, reviews_needed
from tests.given import COURSE_FACT, NOON, RUN_ID, TMA, Answer, Record, content, given, placed, run

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CRITERIA = (Criterion("argument", 5), Criterion("language", 3))


def task(must_grade: int = 2, by: int = 2, *, flexible: bool = False) -> PeerTask:
    """The terms of a peer task with two criteria."""
    return PeerTask(must_grade, by, CRITERIA, flexible)


def pool(*learners: str, terms: PeerTask | None = None, at: datetime = NOON) -> Record:
    """A run with a peer task in which these learners have handed in work, a minute apart."""
    essay = Item("essay", "peer-task", "Essay", attempts=1, peer=terms or task())
    record = given(COURSE_FACT, run(), content(TMA, essay))
    for minute, learner in enumerate(learners):
        record.take(placed(LearnerEnrolled("audit"), subject=learner))
        send(record, "submit-work", learner, at + minute * timedelta(minutes=1), attempt="1")
    return record


def send(record: Record, name: str, subject: str, at: datetime = NOON, **more: Any) -> Answer:
    """Send a command of a learner about the essay."""
    return record.when(name, at, run=RUN_ID, subject=subject, item="essay", **more)


def claim(record: Record, subject: str, review: str, at: datetime = NOON + HOUR) -> str:
    """Claim a review, and return whose work it is of."""
    answer = send(record, "claim-review", subject, at, review=review)
    assert answer.refusal is None, answer.refusal
    (claimed,) = (fact for fact in answer.facts if isinstance(fact, ReviewClaimed))
    return claimed.author


def points(argument: int = 4, language: int = 2) -> list[dict[str, Any]]:
    """Points for both criteria."""
    return [
        {"criterion": "argument", "points": argument},
        {"criterion": "language", "points": language},
    ]


def review(
    record: Record,
    subject: str,
    name: str,
    given: Sequence[int] = (4, 2),
    at: datetime = NOON + HOUR,
) -> str:
    """Claim and submit a review, and return whose work it is of."""
    author = claim(record, subject, name, at)
    answer = send(record, "submit-review", subject, at, review=name, parts=points())
    assert answer.facts, answer.refusal
    return author


def test_work_on_a_peer_task_goes_into_its_pool() -> None:
    """In the append of the submission, with the terms as they were then."""
    record = pool(terms=task(flexible=True))
    record.take(placed(LearnerEnrolled("audit"), subject="ann"))
    answer = send(record, "submit-work", "ann", attempt="1", artifact="a" * 64)
    assert answer.facts[1] == SubmissionPooled(
        "essay", "ann", "1", task(flexible=True), NOON + 7 * DAY, "a" * 64
    )
    send(record, "submit-work", "ann", attempt="1", artifact="a" * 64).nothing()


def test_a_claim_is_leased_for_eight_hours() -> None:
    """Sent again it decides nothing; a second one waits for the first [Open edX ORA]."""
    record = pool("ann", "ben", "cat")
    answer = send(record, "claim-review", "ann", review="r1")
    answer.then(ReviewClaimed("essay", "ann", "r1", "ben", "1", NOON + 8 * HOUR))
    send(record, "claim-review", "ann", review="r1").nothing()
    send(record, "claim-review", "ann", review="r2").refused(
        ReviewOpen, review="r1", expires="2013-10-20T20:00:00Z"
    )
    last = NOON + 8 * HOUR - timedelta(microseconds=1)
    send(record, "claim-review", "ann", last, review="r2").refused(ReviewOpen)


def test_one_reviews_after_handing_in_ones_own() -> None:
    """And only on an item that peers review, and while in the run."""
    record = pool("ann", "ben")
    record.take(placed(LearnerEnrolled("audit"), subject="dan"))
    send(record, "claim-review", "dan", review="r").refused(OwnWorkFirst)
    send(record, "claim-review", "eve", review="r").refused(NotEnrolled)
    body = {"run": RUN_ID, "subject": "ann", "item": TMA.item, "review": "r"}
    record.when("claim-review", **body).refused(NotAPeerTask, item=TMA.item)


def test_the_next_is_the_one_with_fewest_reviews_then_the_oldest() -> None:
    """Completed plus open. Source: rules.md, Peer review [Open edX ORA]."""
    record = pool("ann", "ben", "cat", "dan", terms=task(3, 2))
    assert review(record, "ann", "r1") == "ben"
    assert claim(record, "dan", "r1") == "ann"
    assert review(record, "cat", "r1") == "dan"
    assert claim(record, "ben", "r1") == "cat"
    assert claim(record, "ann", "r2") == "cat"


def test_never_ones_own_and_none_twice() -> None:
    """Of two learners each reviews the other's, and there is no more."""
    record = pool("ann", "ben", terms=task(2, 2))
    assert review(record, "ann", "r1") == "ben"
    assert review(record, "ben", "r1") == "ann"
    send(record, "claim-review", "ann", review="r2").refused(
        NothingToReview, submissions=2, done=1, must_grade=2
    )


def test_two_reviewers_never_hold_one_last_slot() -> None:
    """Who comes second waits until the lease ends or the review is made. Source: rules.md."""
    record = pool("ann", "ben", "cat", terms=task(1, 1))
    assert claim(record, "ben", "r1") == "ann"
    assert claim(record, "ann", "r1") == "ben"
    answer = send(record, "claim-review", "cat", NOON + 2 * HOUR, review="r1")
    answer.refused(NothingToReview)
    late = NOON + 9 * HOUR
    answer = send(record, "claim-review", "cat", late, review="r1")
    answer.then(
        ReviewLeaseExpired("essay", "ben", "r1", "ann", "1"),
        ReviewClaimed("essay", "cat", "r1", "ann", "1", late + 8 * HOUR),
    )


def test_whoever_still_owes_may_review_what_has_all_its_reviews() -> None:
    """Else some could never make what they owe: there are more reviews owed than slots. Whoever
    owes none gets nothing beyond the slots."""
    record = pool("ann", "ben", "cat", terms=task(2, 1))
    assert review(record, "ann", "r1") == "ben"
    assert review(record, "ben", "r1") == "ann"
    assert review(record, "cat", "r1") == "ann"
    assert review(record, "cat", "r2") == "ben"
    send(record, "claim-review", "cat", NOON + HOUR, review="r3").refused(NothingToReview)
    assert review(record, "ann", "r2") == "cat"


def test_a_lease_that_has_ended_takes_no_review() -> None:
    """The moment itself is too late: now < expires."""
    record = pool("ann", "ben")
    claim(record, "ann", "r1", NOON)
    made = {"review": "r1", "parts": points()}
    send(record, "submit-review", "ann", NOON + 8 * HOUR, **made).refused(ReviewLeaseEnded)
    send(record, "expire-review-lease", "ann", NOON + 7 * HOUR, review="r1").refused(NotDue)
    send(record, "expire-review-lease", "ann", NOON + 8 * HOUR, review="r1").then(
        ReviewLeaseExpired("essay", "ann", "r1", "ben", "1")
    )
    send(record, "expire-review-lease", "ann", NOON + 8 * HOUR, review="r1").nothing()
    send(record, "submit-review", "ann", NOON + HOUR, **made).refused(ReviewLeaseEnded)
    assert claim(record, "ann", "r2", NOON + 8 * HOUR) == "ben"


def test_a_review_gives_points_for_every_criterion() -> None:
    """Once each, in their range; sent again with the same points it decides nothing."""
    record = pool("ann", "ben")
    claim(record, "ann", "r1", NOON)
    send(record, "submit-review", "ann", review="r9", parts=points()).refused(ReviewUnknown)
    send(record, "expire-review-lease", "ann", review="r9").refused(ReviewUnknown)
    for wrong in (points()[:1], [*points(), points()[0]], points(6, 2)):
        send(record, "submit-review", "ann", review="r1", parts=wrong).refused(
            PartsMismatch, criteria={"argument": 5, "language": 3}
        )
    send(record, "submit-review", "ann", review="r1", parts=points(5, 3)).then(
        ReviewSubmitted(
            "essay", "ann", "r1", "ben", "1", (Part("argument", 5), Part("language", 3))
        )
    )
    send(
        record, "submit-review", "ann", NOON + 9 * DAY, review="r1", parts=points(5, 3)[::-1]
    ).nothing()
    send(record, "submit-review", "ann", review="r1", parts=points(5, 2)).refused(
        ReviewIsSubmitted, parts={"argument": 5, "language": 3}
    )


def test_who_leaves_with_a_claimed_review_may_still_make_it() -> None:
    """It is owed to the author."""
    record = pool("ann", "ben")
    claim(record, "ann", "r1", NOON)
    record.take(placed(LearnerWithdrawn(), subject="ann"))
    assert send(record, "submit-review", "ann", review="r1", parts=points()).facts


def reviewed(terms: PeerTask, *given: Sequence[int], at: datetime = NOON + HOUR) -> Record:
    """Ann's essay with these reviews; the others reviewed nobody else's."""
    others = [f"s{number}" for number in range(len(given))]
    record = pool("ann", *others, terms=terms)
    for other, marks in zip(others, given, strict=True):
        parts = tuple(map(Part, ("argument", "language"), marks))
        record.take(
            placed(ReviewClaimed("essay", other, "r", "ann", "1", at + 8 * HOUR)),
            placed(ReviewSubmitted("essay", other, "r", "ann", "1", parts)),
        )
    return record


def duty(record: Record, subject: str, *authors: str) -> None:
    """Let a learner have reviewed the work of others."""
    for author in authors:
        parts = (Part("argument", 1), Part("language", 1))
        record.take(placed(ReviewSubmitted("essay", subject, f"of-{author}", author, "1", parts)))


def test_the_score_is_the_sum_of_the_medians() -> None:
    """Per criterion; the mean of the middle two, rounded up. Source: rules.md [Open edX ORA]."""
    record = reviewed(task(2, 2), (1, 3), (4, 0))
    duty(record, "ann", "s0", "s1")
    send(record, "finalize-peer-score", "ann", NOON + HOUR).then(
        PeerScoreFinalized(
            "essay",
            "1",
            ("s0/r", "s1/r"),
            "median-v1",
            (Part("argument", 3), Part("language", 2)),
            raw="5",
            possible="8",
            needed=2,
            done=2,
        )
    )
    send(record, "finalize-peer-score", "ann", NOON + HOUR).nothing()


def test_no_score_before_the_learner_has_made_the_reviews_owed() -> None:
    """However many they received. Source: rules.md, Peer review."""
    record = reviewed(task(2, 2), (1, 3), (4, 0))
    duty(record, "ann", "s0")
    send(record, "finalize-peer-score", "ann").refused(
        PeerScoreNotReady, received=2, needed=2, done=1, must_grade=2
    )
    duty(record, "ann", "s1")
    assert send(record, "finalize-peer-score", "ann").facts


def test_no_score_before_enough_reviews_were_received() -> None:
    """An open one does not count."""
    record = reviewed(task(2, 2), (1, 3))
    duty(record, "ann", "s0", "s1")
    send(record, "finalize-peer-score", "ann").refused(PeerScoreNotReady, received=1, needed=2)


def test_flexible_grading_wants_less_after_seven_days() -> None:
    """max(1, floor(30%)), from the very moment on; what the learner owes stays. Source: rules.md
    [Open edX ORA]"""
    record = reviewed(task(5, 5, flexible=True), (5, 3))
    for name in ("t0", "t1", "t2", "t3"):
        record.take(placed(SubmissionReceived("essay", "1", 1, 1), subject=name))
    duty(record, "ann", "s0", "t0", "t1", "t2")
    early = NOON + 7 * DAY - timedelta(microseconds=1)
    send(record, "finalize-peer-score", "ann", early).refused(PeerScoreNotReady, needed=5)
    send(record, "finalize-peer-score", "ann", NOON + 7 * DAY).refused(
        PeerScoreNotReady, needed=1, received=1, done=4, must_grade=5
    )
    duty(record, "ann", "t3")
    (score,) = send(record, "finalize-peer-score", "ann", NOON + 7 * DAY).facts
    assert isinstance(score, PeerScoreFinalized)
    assert (score.raw, score.needed, score.relaxed) == ("8", 1, True)


def test_without_flexible_grading_nothing_relaxes() -> None:
    """After years, too."""
    record = reviewed(task(1, 5), (5, 3))
    duty(record, "ann", "s0")
    later = NOON + 700 * DAY
    send(record, "finalize-peer-score", "ann", later).refused(PeerScoreNotReady, needed=5)


@pytest.mark.parametrize(
    ("by", "needed"), [(1, 1), (3, 1), (4, 1), (6, 1), (7, 2), (10, 3), (13, 3)]
)
def test_the_relaxed_requirement(by: int, needed: int) -> None:
    """max(1, floor(30%)) of the reviews."""
    assert reviews_needed(task(by, by), relaxed=True) == needed
    assert reviews_needed(task(by, by), relaxed=False) == by


def test_a_staff_score_overrides_all() -> None:
    """Before or after the reviews came to one. Source: rules.md, Peer review."""
    record = reviewed(task(1, 1), (1, 1))
    duty(record, "ann", "s0")
    grade = {"run": RUN_ID, "subject": "ann", "item": "essay", "attempt": "1"}
    staff = SubmissionGraded("essay", "1", "90", "100", "tutor")
    record.when("grade-submission", **grade, raw=90, grader="tutor").then(staff)
    send(record, "finalize-peer-score", "ann").nothing()

    other = reviewed(task(1, 1), (1, 1))
    duty(other, "ann", "s0")
    assert send(other, "finalize-peer-score", "ann").facts
    other.when("grade-submission", **grade, raw=90, grader="tutor").then(staff)
    counted = other.states[f"main/enrolment/{RUN_ID}/ann"].results.counted_of("essay")
    assert counted.score == ("90", "100")


def test_a_peer_score_counts_as_a_score() -> None:
    """Of the points that the criteria allow, not of the item's."""
    record = reviewed(task(1, 1), (4, 2))
    duty(record, "ann", "s0")
    send(record, "finalize-peer-score", "ann")
    counted = record.states[f"main/enrolment/{RUN_ID}/ann"].results.counted_of("essay")
    assert counted.score == ("6", "8")


def test_reviews_that_come_later_change_nothing() -> None:
    """A score that was told stays."""
    record = reviewed(task(1, 1), (4, 2))
    duty(record, "ann", "s0")
    send(record, "finalize-peer-score", "ann")
    parts = (Part("argument", 0), Part("language", 0))
    record.take(placed(ReviewSubmitted("essay", "s9", "r", "ann", "1", parts)))
    send(record, "finalize-peer-score", "ann").nothing()


@over(st.lists(st.integers(0, 20), min_size=1, max_size=9))
def test_a_median_lies_in_the_middle(points: list[int]) -> None:
    """Half are not above it and half not below, but for rounding up to a point [Open edX ORA]."""
    found = median(points)
    assert min(points) <= found <= max(points)
    assert 2 * sum(p < found for p in points) <= len(points)
    assert 2 * sum(p > found for p in points) <= len(points)


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"must_be_graded_by": 3}, "must_be_graded_by", "must not be more than must_grade"),
        ({"must_grade": 0}, "must_grade", "greater than or equal to 1"),
        ({"criteria": []}, "criteria", "at least 1 item"),
        ({"criteria": [{"name": "a", "possible": 1}] * 2}, "criteria", "names one twice"),
    ],
)
def test_contradictory_terms_are_refused_when_they_are_published(
    change: dict[str, Any], field: str, told: str
) -> None:
    """Must-grade >= must-be-graded-by, naming the field. Source: rules.md [Open edX ORA]."""
    terms = {
        "must_grade": 2,
        "must_be_graded_by": 2,
        "criteria": [{"name": "all", "possible": 5}],
        **change,
    }
    essay = {"item": "essay", "kind": "peer-task", "title": "Essay", "peer": terms}
    with pytest.raises(ValidationError, match=told) as refused:
        DECISIONS["publish-content"].model.model_validate({"run": RUN_ID, "items": [essay]})
    assert refused.value.errors()[0]["loc"][-1] == field


@pytest.mark.parametrize("change", [{"kind": "quiz"}, {"attempts": 2}])
def test_peers_review_one_attempt_at_a_peer_task(change: dict[str, Any]) -> None:
    """Nothing else."""
    terms = {"must_grade": 1, "must_be_graded_by": 1, "criteria": [{"name": "a", "possible": 1}]}
    essay = {"item": "e", "kind": "peer-task", "title": "E", "peer": terms, **change}
    with pytest.raises(ValidationError, match="is for"):
        DECISIONS["publish-content"].model.model_validate({"run": RUN_ID, "items": [essay]})
