"""What becomes of work in a pool of peers when its attempt is voided?"""

from __future__ import annotations

from datetime import timedelta

from domain.assessment.facts import AttemptStarted
from domain.catalogue.facts import Criterion, Item, PeerTask
from domain.enrolment.facts import LearnerEnrolled
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    IntegrityPolicy,
    IntegrityPolicyPublished,
    Penalty,
)
from domain.kernel import Fact
from domain.peer_review.facts import (
    PeerScoreFinalized,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from domain.peer_review.rules import NothingToReview
from tests.commands.test_peer_review import HOUR, claim, points, pool, review, send, task
from tests.given import COURSE_FACT, NOON, RUN_ID, Answer, Record, content, given, placed, run

POLICY = IntegrityPolicyPublished(
    RUN_ID, 1, IntegrityPolicy(penalties=(Penalty("plagiarism", ("void-attempt",)),))
)


def find(record: Record, violation: str, command: str = "uphold-violation") -> Answer:
    """Decide what was reported of Ann's essay."""
    about = {"run": RUN_ID, "subject": "ann", "violation": violation}
    if command == "uphold-violation":
        report = {**about, "kind": "plagiarism", "item": "essay"}
        assert record.when("report-violation", **report).facts
    return record.when(command, **about, reason="Because")


def voided(record: Record, violation: str = "v") -> list[Fact]:
    """Let Ann's attempt be voided, and return what followed beside the finding."""
    if not any(isinstance(fact, IntegrityPolicyPublished) for _, fact, _ in record.history):
        record.take(POLICY)
    answer = find(record, violation)
    assert answer.refusal is None, answer.refusal
    return list(answer.facts[1:])


def restored(record: Record, violation: str = "v") -> list[Fact]:
    """Let the violation be dismissed after all, and return what followed."""
    return list(find(record, violation, "dismiss-violation").facts[1:])


def test_voided_work_leaves_the_pool_and_comes_back() -> None:
    """Nobody is given it while it is void; restored, it stands where it stood."""
    record = pool("ann", "ben", "cat")
    assert voided(record) == [
        AttemptVoided("essay", "1", "v"),
        SubmissionWithdrawn("essay", "ann", "1", "v"),
    ]
    assert claim(record, "ben", "r1") == "cat"
    send(record, "claim-review", "cat", NOON + HOUR, review="r1")
    assert review(record, "cat", "r1b", at=NOON + 10 * HOUR) == "ben"
    send(record, "claim-review", "cat", NOON + 11 * HOUR, review="r2").refused(NothingToReview)
    assert restored(record) == [
        AttemptRestored("essay", "1", "v"),
        SubmissionReturned("essay", "ann", "1", "v"),
    ]
    assert claim(record, "cat", "r3", NOON + 11 * HOUR) == "ann"


def test_a_review_of_voided_work_counts_for_who_made_it() -> None:
    """Also one that was claimed before: nobody pays for what another did."""
    record = pool("ann", "ben", "cat", terms=task(2, 1))
    assert claim(record, "ben", "r1") == "ann"
    voided(record)
    made = send(record, "submit-review", "ben", NOON + HOUR, review="r1", parts=points())
    assert made.facts, made.refusal
    assert review(record, "ben", "r2") == "cat"
    assert review(record, "cat", "r1") == "ben"
    (scored,) = send(record, "finalize-peer-score", "ben", NOON + HOUR).facts
    assert isinstance(scored, PeerScoreFinalized)
    assert scored.done == 2


def test_voided_work_has_no_score_before_it_is_restored() -> None:
    """Then with the reviews that it had."""
    record = pool("ann", "ben", terms=task(1, 1))
    assert review(record, "ann", "r1") == "ben"
    assert review(record, "ben", "r1") == "ann"
    voided(record)
    send(record, "finalize-peer-score", "ann", NOON + HOUR).nothing()
    restored(record)
    (scored,) = send(record, "finalize-peer-score", "ann", NOON + HOUR).facts
    assert isinstance(scored, PeerScoreFinalized)
    assert scored.reviews == ("ben/r1",)


def test_work_comes_back_when_nothing_voids_it_any_more() -> None:
    """It leaves once, by the first of two violations, and comes back after the last."""
    record = pool("ann", "ben")
    assert len(voided(record)) == 2
    assert voided(record, "w") == [AttemptVoided("essay", "1", "w")]
    assert restored(record) == [AttemptRestored("essay", "1", "v")]
    assert restored(record, "w") == [
        AttemptRestored("essay", "1", "w"),
        SubmissionReturned("essay", "ann", "1", "w"),
    ]


def test_an_attempt_voided_while_under_way_is_given_to_nobody() -> None:
    """It has its place, so that it can come back to it."""
    terms = PeerTask(1, 1, (Criterion("argument", 5),))
    essay = Item("essay", "peer-task", "Essay", attempts=1, peer=terms)
    record = given(COURSE_FACT, run(), content(essay))
    for learner in ("ann", "ben"):
        record.take(placed(LearnerEnrolled("audit"), subject=learner))
        started = AttemptStarted("essay", "1", 1, 1, "5")
        record.take(placed(started, subject=learner))
    assert voided(record) == [AttemptVoided("essay", "1", "v")]
    later = NOON + timedelta(minutes=1)
    facts = send(record, "submit-work", "ann", later, attempt="1").facts
    assert [type(fact) for fact in facts[1:]] == [SubmissionPooled, SubmissionWithdrawn]
    send(record, "submit-work", "ben", later, attempt="1")
    send(record, "claim-review", "ben", NOON + HOUR, review="r1").refused(NothingToReview)
    assert restored(record)[1:] == [SubmissionReturned("essay", "ann", "1", "v")]
    assert claim(record, "ben", "r1") == "ann"
