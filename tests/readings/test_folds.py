"""What do readings make of a history? Given facts, then documents and sums."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from domain.assessment.facts import ExtensionGranted, ExtensionWithdrawn, LatenessRedecided
from domain.catalogue.facts import (
    ContentVersionPublished,
    Criterion,
    Item,
    PeerTask,
    SeatsCounted,
    SeatsLimited,
)
from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarred,
    CertificateReissued,
    CertificateRevoked,
)
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
from domain.enrolment.facts import (
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    SeatReleased,
    SeatTaken,
)
from domain.grading.facts import (
    CoursePassed,
    ItemExcused,
    MissingWorkScored,
    OutcomeRecorded,
    ResultTransferred,
    ScoreOverridden,
)
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    ViolationReported,
)
from domain.kernel import Fact, Personal
from domain.peer_review.facts import (
    Part,
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from infra.stores.memory import MemoryStore
from projections.analytics import ANALYTICS, ITEM_TOTALS, RUN_DAILY, RUN_TOTALS
from projections.catalogue import CATALOGUE
from projections.certificates import CERTIFICATES
from projections.due import DUE
from projections.exact import score, share
from projections.history import HISTORY
from projections.item_row import Extension, begun_at
from projections.peer_review import PEER_REVIEW
from projections.ports import Generation
from projections.progress import PROGRESS
from projections.reading import Key, Reading
from projections.search import SEARCH
from tests.readings import histories as h
from tests.readings.recorded import MONDAY, Recorded, filled, kept_up

MINE = h.enrolment("s1")


def read(log: Recorded, reading: Reading) -> tuple[MemoryStore, Generation]:
    """Return the store after the reading has taken the whole log in."""
    store = MemoryStore()
    runner = kept_up(log, store, reading)
    runner.stop()
    return store, Generation(reading, 1)


def documents(reading: Reading, kind: str, *facts: tuple[str, Fact]) -> list[Any]:
    """Return the documents that these facts make."""
    store, of = read(filled(facts), reading)
    return store.rows(of, kind)


def sums(tally: str, names: Any, *facts: tuple[str, Fact]) -> dict[Any, dict[str, Any]]:
    """Return an analytics tally's rows, by key, without the zeros."""
    store, of = read(filled(facts), ANALYTICS)
    return {
        key[1:]: {name: amount for name, amount in zip(names, row, strict=True) if amount}
        for key, row in store.sums(of, tally).items()
    }


def test_a_learner_is_active_until_they_leave() -> None:
    """Withdrawing changes the status and keeps what was achieved."""
    (active,) = documents(PROGRESS, "enrolment", (MINE, LearnerEnrolled("audit")))
    assert (active.status, active.mode, active.version) == ("active", "audit", 1)
    (gone,) = documents(
        PROGRESS,
        "enrolment",
        (MINE, LearnerEnrolled("audit")),
        (MINE, OutcomeRecorded("pass")),
        (MINE, LearnerWithdrawn()),
    )
    assert (gone.status, gone.outcome, gone.version) == ("withdrawn", "pass", 3)


def test_a_learner_who_begins_afresh_leaves_results_behind_but_not_the_certificate() -> None:
    """As the decisions have it: what was certified stays certified."""
    (again,) = documents(
        PROGRESS,
        "enrolment",
        (MINE, LearnerEnrolled("audit")),
        (MINE, OutcomeRecorded("pass")),
        (MINE, h.issued("s1")),
        (MINE, LearnerWithdrawn()),
        (MINE, LearnerEnrolled("audit", afresh=True)),
    )
    assert (again.outcome, again.certificate, again.began_position) == (None, "c-s1", 5)


def test_who_begins_afresh_is_the_same_person_in_the_same_cohort() -> None:
    """Their honesty and their cohorts stay, too, as the decisions have it."""
    said = (
        (MINE, LearnerEnrolled("audit")),
        (MINE, CohortJoined("c1")),
        (MINE, HonorCodeAccepted("v1")),
        (MINE, IdentityVerified("passport", h.ENDS)),
        (MINE, ViolationReported("case-1", "plagiarism")),
        (MINE, CertificateAllowed(Personal(sealed="x"))),
        (MINE, CertificateBarred(Personal(sealed="x"), "case-1")),
    )
    (before,) = documents(PROGRESS, "enrolment", *said)
    (again,) = documents(
        PROGRESS, "enrolment", *said, (MINE, LearnerEnrolled("audit", afresh=True))
    )
    assert (before.cohorts, before.certificate_bars) == (("c1",), ("case-1",))
    for name in (
        *("cohorts", "honor_code", "identity_verified_at", "identity_expires", "violations"),
        *("certificate_allowed", "certificate_bars"),
    ):
        assert getattr(again, name) == getattr(before, name), name


SAID: dict[str, tuple[Fact, ...]] = {
    "nothing": (),
    "attempt": (h.submitted("t1"), h.graded("90", "t1")),
    "banked": (ResultTransferred("a1", "70", "100", "another"),),
    "missing": (MissingWorkScored("a1", "5", "100", h.STARTS, "95", 1),),
    "excused": (ItemExcused("a1", Personal(sealed="x")),),
    "extension": (ExtensionGranted("a1", due=h.ENDS, attempts=1),),
    "override": (ScoreOverridden("a1", "95", "100", reason=Personal(sealed="x")),),
    "watched": (VideoWatched("a1", 0, 30, 0, 30, "1", "s", 0),),
    "viewed": (ItemViewed("a1"),),
    "done": (ItemCompleted("a1", "coverage"),),
}


@pytest.mark.parametrize("again", SAID)
def test_of_an_item_nothing_counts_that_was_said_before_the_run_was_begun_afresh(
    again: str,
) -> None:
    """And what is said again afterwards counts as if there had been nothing before it."""
    everything = [fact for facts in SAID.values() for fact in facts]
    before = [(MINE, fact) for fact in (LearnerEnrolled("audit"), *everything)]
    after = [(MINE, fact) for fact in SAID[again] or SAID["viewed"]]
    afresh = (MINE, LearnerEnrolled("audit", afresh=True))
    (item,) = documents(PROGRESS, "item_progress", *before, afresh, *after)
    (alone,) = documents(PROGRESS, "item_progress", *after)
    counting = begun_at(item, len(before) + 1)
    assert (item.raw, item.banked, item.extension is None) == ("95", True, False)
    for name in (
        *("attempts", "score", "raw", "possible", "counts", "counts_attempt", "banked"),
        *("banked_raw", "banked_from", "override_raw", "missing_raw", "extension", "covered"),
    ):
        assert getattr(counting, name) == getattr(alone, name), name
    for name in ("excused_at", "viewed_at", "completed_at"):
        assert (getattr(counting, name) is None) == (getattr(alone, name) is None), name


POOL = f"peer-pool/{h.RUN}/essay"
TERMS = PeerTask(2, 1, (Criterion("all", 5),))


def test_a_pool_tells_what_waits_and_who_owes() -> None:
    """Made, open and ended reviews of each submission; owed, made and missed ones of each learner;
    ids of reviews are each reviewer's own."""
    facts: list[tuple[str, Fact]] = [
        (POOL, SubmissionPooled("essay", subject, "1", TERMS)) for subject in ("s1", "s2", "s3")
    ]
    about = ("essay", "s2", "r", "s1", "1")
    facts += [
        (POOL, ReviewClaimed(*about, h.ENDS)),
        (POOL, ReviewLeaseExpired(*about)),
        (POOL, ReviewClaimed("essay", "s3", "r", "s1", "1", h.ENDS)),
        (POOL, ReviewClaimed("essay", "s2", "r2", "s1", "1", h.ENDS)),
        (POOL, ReviewSubmitted("essay", "s3", "r", "s1", "1", (Part("all", 4),))),
        (h.enrolment("s1"), peer_score("4")),
    ]
    submissions = {one.author: one for one in documents(PEER_REVIEW, "submission", *facts)}
    assert (submissions["s1"].received, submissions["s1"].open) == (1, ("s2/r2",))
    assert (submissions["s2"].received, submissions["s2"].open) == (0, ())
    duties = {one.subject: one for one in documents(PEER_REVIEW, "duty", *facts)}
    assert (duties["s2"].owed, duties["s2"].done, duties["s2"].expired) == (2, 0, 1)
    assert (duties["s2"].review, duties["s2"].author) == ("r2", "s1")
    assert (duties["s3"].done, duties["s3"].review) == (1, None)
    assert (duties["s1"].raw, duties["s1"].possible, duties["s1"].reviews) == ("4", "5", 1)


def test_work_that_was_withdrawn_is_told_so_until_it_returns() -> None:
    """With the reviews that it had."""
    facts: list[tuple[str, Fact]] = [
        (POOL, SubmissionPooled("essay", "s1", "1", TERMS)),
        (POOL, ReviewSubmitted("essay", "s3", "r", "s1", "1", (Part("all", 4),))),
        (POOL, SubmissionWithdrawn("essay", "s1", "1", "v")),
    ]
    (left,) = documents(PEER_REVIEW, "submission", *facts)
    assert (left.withdrawn_at is None, left.received) == (False, 1)
    back = (POOL, SubmissionReturned("essay", "s1", "1", "v"))
    (again,) = documents(PEER_REVIEW, "submission", *facts, back)
    assert (again.withdrawn_at, again.received) == (None, 1)


def test_leases_and_flexible_scores_fall_due() -> None:
    """A claim when its lease ends, unless the review was made or noted as expired; a flexible score
    after its days, unless it is there."""
    facts: list[tuple[str, Fact]] = [
        (POOL, SubmissionPooled("essay", "s1", "1", TERMS, relaxes_at=h.ENDS)),
        (POOL, SubmissionPooled("essay", "s2", "1", TERMS, relaxes_at=h.ENDS)),
        (POOL, SubmissionPooled("essay", "s3", "1", TERMS)),
        *((POOL, ReviewClaimed("essay", s, "r", "s1", "1", h.STARTS)) for s in ("s2", "s3", "s4")),
        (POOL, ReviewSubmitted("essay", "s2", "r", "s1", "1", (Part("all", 4),))),
        (POOL, ReviewLeaseExpired("essay", "s3", "r", "s1", "1")),
        (h.enrolment("s1"), peer_score("4")),
    ]
    due = [one for one in documents(DUE, "learner", *facts) if one.due_at is not None]
    assert {(one.command, one.subject, one.due_at) for one in due} == {
        ("expire-review-lease", "s4", h.STARTS),
        ("finalize-peer-score", "s2", h.ENDS),
    }
    (lease,) = (one for one in due if one.subject == "s4")
    assert lease.body == {"run": h.RUN, "subject": "s4", "item": "essay", "review": "r"}


def peer_score(raw: str) -> PeerScoreFinalized:
    """A score from one review."""
    parts = (Part("all", int(raw)),)
    return PeerScoreFinalized("essay", "1", ("s3/r",), "median-v1", parts, raw, "5", 1, 2)


def test_a_peer_score_counts_until_staff_scores() -> None:
    """In the item's progress as in the analytics."""
    given = [(MINE, h.submitted("1", item="essay")), (MINE, peer_score("4"))]
    (item,) = documents(PROGRESS, "item_progress", *given)
    assert (item.raw, item.possible, item.counts_attempt) == ("4", "5", "1")
    given.append((MINE, h.graded("90", "1", "essay")))
    (item,) = documents(PROGRESS, "item_progress", *given)
    assert (item.raw, item.possible) == ("90", "100")


def test_a_voided_attempt_counts_for_nothing() -> None:
    """Until it is restored; it stays among the attempts."""
    given = [
        (MINE, h.submitted("t1")),
        (MINE, h.graded("50", "t1")),
        (MINE, h.submitted("t2", 2)),
        (MINE, h.graded("90", "t2")),
        (MINE, AttemptVoided("a1", "t2", "v")),
    ]
    (item,) = documents(PROGRESS, "item_progress", *given)
    assert (item.raw, item.attempts, item.counts_attempt) == ("50", 2, "t1")
    totals = sums("item_totals", ITEM_TOTALS, *given)[h.RUN, "a1"]
    assert (totals["raw_sum"], totals["submissions"]) == (50, 2)
    given.append((MINE, AttemptRestored("a1", "t2", "v")))
    (item,) = documents(PROGRESS, "item_progress", *given)
    assert (item.raw, item.counts_attempt) == ("90", "t2")


def test_the_board_decides_over_the_computed_grade() -> None:
    """A computed pass after the board's decision changes nothing."""
    (learner,) = documents(
        PROGRESS,
        "enrolment",
        (MINE, OutcomeRecorded("fail")),
        (MINE, CoursePassed(70, "computed")),
    )
    assert (learner.outcome, learner.outcome_basis) == ("fail", "board")


def test_lateness_is_as_it_was_last_decided() -> None:
    """In progress and in every sum, for the attempt that it is about."""
    facts = [
        (MINE, h.submitted("t1", 1, late=60)),
        (MINE, h.submitted("t2", 2, late=90)),
        (MINE, LatenessRedecided("a1", "t1", None, 0, "learner")),
    ]
    (work,) = documents(PROGRESS, "item_progress", *facts)
    assert [(a.due, a.late_seconds) for a in work.attempts_detail] == [(None, 0), (h.STARTS, 90)]
    assert sums("run_totals", RUN_TOTALS, *facts)[h.RUN,] == {"submissions": 2, "late": 1}


def test_a_learners_terms_and_cohorts_are_those_that_stand() -> None:
    """The latest ones, until they are taken back."""
    granted = (MINE, ExtensionGranted("a1", due=h.ENDS, attempts=1))
    (work,) = documents(PROGRESS, "item_progress", granted)
    assert work.extension == Extension(due=h.ENDS, attempts=1)
    (work,) = documents(PROGRESS, "item_progress", granted, (MINE, ExtensionWithdrawn("a1")))
    assert (work.extension, work.attempts) == (None, 0)
    (learner,) = documents(
        PROGRESS,
        "enrolment",
        (MINE, CohortJoined("c2")),
        (MINE, CohortJoined("c1")),
        (MINE, CohortLeft("c2")),
    )
    assert learner.cohorts == ("c1",)


def test_the_best_attempt_counts_with_its_latest_grade() -> None:
    """A later, worse attempt loses nothing; a regrade of the best one counts."""
    facts = [
        (MINE, h.submitted("t1", 1)),
        (MINE, h.graded("90", "t1")),
        (MINE, h.submitted("t2", 2, late=60)),
        (MINE, h.graded("50", "t2")),
    ]
    (work,) = documents(PROGRESS, "item_progress", *facts)
    assert (work.score, work.raw, work.attempts, work.late_seconds) == (
        Decimal("0.900000"),
        "90",
        2,
        60,
    )
    (work,) = documents(PROGRESS, "item_progress", *facts, (MINE, h.graded("40", "t1")))
    assert (work.score, work.raw) == (Decimal("0.500000"), "50")


def test_an_unknown_banked_score_is_banked_and_no_score() -> None:
    """What is unknown stays unknown."""
    (work,) = documents(PROGRESS, "item_progress", (MINE, ResultTransferred("a1", None, "100")))
    assert (work.banked, work.score) == (True, None)


def test_watching_twice_adds_nothing() -> None:
    """Coverage is the union of credited milliseconds [xAPI video profile]."""
    watched = [VideoWatched("v1", a, b, a, b, "1", "s") for a, b in ((0, 30), (20, 50), (0, 30))]
    (work,) = documents(PROGRESS, "item_progress", *((h.viewing("s1"), fact) for fact in watched))
    assert (work.covered, work.covered_ms) == (((0, 50),), 50)


def test_a_new_term_begins_its_coverage_anew() -> None:
    """Coverage of an earlier term no longer counts."""
    (work,) = documents(
        PROGRESS,
        "item_progress",
        (h.viewing("s1"), VideoWatched("v1", 0, 30, 0, 30, "1", "s", 0)),
        (h.viewing("s1"), VideoWatched("v1", 50, 60, 50, 60, "1", "s", 1)),
        (h.viewing("s1"), VideoWatched("v1", 0, 30, 0, 30, "1", "s", 0)),
    )
    assert work.covered == ((50, 60),)


def test_the_sums_of_an_enrolment_follow_its_items() -> None:
    """Submissions, grades, late ones, banked, viewed, completed, milliseconds watched."""
    log = filled(
        [
            (MINE, h.submitted(late=1)),
            (MINE, h.graded("3")),
            (MINE, h.graded("4")),
            (MINE, ItemViewed("p1")),
            (h.viewing("s1"), VideoWatched("v1", 0, 30, 0, 30, "1", "s")),
        ]
    )
    store, of = read(log, PROGRESS)
    assert store.sums(of, "enrolment_items") == {("main", h.RUN, "s1"): (1, 1, 1, 0, 1, 1, 30)}


def test_seats_are_counted_without_those_who_left_meanwhile() -> None:
    """The count is of an earlier position; who gave a seat back since is not in."""
    seats = f"run-seats/{h.RUN}"
    (run,) = documents(
        CATALOGUE,
        "run",
        *h.CATALOGUE,
        (seats, SeatsLimited(h.RUN, 3)),
        (seats, SeatReleased("s2")),
        (seats, SeatsCounted(h.RUN, ("s1", "s2"), 5)),
        (seats, SeatTaken("s3")),
    )
    assert (run.capacity, run.taken, run.seats_counted) == (3, 2, True)


def test_the_catalogue_holds_the_latest_content() -> None:
    """A run counts the items of the content in force, and items know which content held them."""
    second = ContentVersionPublished(h.RUN, 2, (Item("a1", "exam", "Final exam"),))
    facts = (*h.CATALOGUE, (f"run-content/{h.RUN}", second))
    (run,) = documents(CATALOGUE, "run", *facts)
    assert (run.items, run.content_number) == (1, 2)
    items = {item.item: item for item in documents(CATALOGUE, "item", *facts)}
    assert (items["a1"].title, items["a1"].content_number) == ("Final exam", 2)
    assert items["v1"].content_number == 1


def test_a_revoked_certificate_stays_readable() -> None:
    """Its identifier and result stay [Open edX's older model blanked them]; the reason stays
    sealed."""
    (certificate,) = documents(
        CERTIFICATES,
        "certificate",
        (MINE, h.issued("s1")),
        (MINE, CertificateRevoked("c-s1", Personal(sealed="xyz"))),
    )
    assert (certificate.result, certificate.reason) == ("pass", "xyz")
    assert certificate.revoked_at is not None


def test_a_revoked_certificate_that_is_corrected_keeps_the_reason_of_the_revocation() -> None:
    """With the fact that it is sealed with; the sums then hold the new one, which is valid."""
    facts = (
        (MINE, h.issued("s1")),
        (MINE, CertificateRevoked("c-s1", Personal(sealed="revoked"))),
        (
            MINE,
            CertificateReissued(
                *("c2", "c-s1", "AAA", "audit", "board", "pass", None, Personal(sealed="corrected"))
            ),
        ),
    )
    found = {one.certificate: one for one in documents(CERTIFICATES, "certificate", *facts)}
    old, new = found["c-s1"], found["c2"]
    assert (old.reason, old.revoked_fact) == ("revoked", str(UUID(int=2)))
    assert (old.superseded_by, new.supersedes, new.revoked_at) == ("c2", "c-s1", None)
    assert sums("run_totals", RUN_TOTALS, *facts[:2])[h.RUN,] == {"certificates": 1, "revoked": 1}
    assert sums("run_totals", RUN_TOTALS, *facts)[h.RUN,] == {"certificates": 1}


def test_everything_about_a_learner_is_in_the_history_once() -> None:
    """Facts that are nobody's are not."""
    entries = documents(HISTORY, "entry", *h.CATALOGUE, (MINE, LearnerEnrolled("audit")))
    assert [(entry.subject, entry.type, entry.run) for entry in entries] == [
        ("s1", "LearnerEnrolled", h.RUN)
    ]


def test_learners_courses_runs_items_and_certificates_can_be_found() -> None:
    """Each under its own kind."""
    entries = documents(
        SEARCH, "entry", *h.CATALOGUE, (MINE, LearnerEnrolled("audit")), (MINE, h.issued("s1"))
    )
    assert {entry.kind for entry in entries} == {"course", "run", "item", "learner", "certificate"}


def test_an_item_that_is_taken_out_is_retired_until_it_is_published_again() -> None:
    """What was never published is not made by being taken out."""
    stream, kept = f"run-content/{h.RUN}", h.CONTENT.items
    out = ContentVersionPublished(h.RUN, 2, kept[:1], removed=("v1", "never"))

    def retired(*more: tuple[str, Fact]) -> dict[str, bool]:
        entries = documents(SEARCH, "entry", *h.CATALOGUE, *more)
        return {entry.id: entry.retired for entry in entries if entry.kind == "item"}

    assert retired() == {"a1": False, "v1": False}
    assert retired((stream, out)) == {"a1": False, "v1": True}
    back = ContentVersionPublished(h.RUN, 3, kept)
    assert retired((stream, out), (stream, back)) == {"a1": False, "v1": False}


@given(h.histories)
def test_what_can_be_found_is_the_same_when_facts_are_taken_in_again(
    facts: list[tuple[str, Fact]],
) -> None:
    """A store that writes documents before their position may hold some that are ahead of it."""
    found: dict[Key, Any] = {}
    once: dict[Key, Any] = {}
    (entries,) = SEARCH.documents
    log = filled(facts)
    for envelopes, into in ((log.envelopes, once), (log.envelopes * 2, found)):
        for envelope in envelopes:
            if envelope.type in entries.facts:
                for key in entries.keys(envelope):
                    into[key] = entries.fold(into.get(key), envelope, key)
    assert found == once


def test_totals_of_a_run_follow_withdrawals_and_corrected_outcomes() -> None:
    """A learner counts once, where they now stand."""
    facts = [
        (MINE, LearnerEnrolled("audit")),
        (MINE, OutcomeRecorded("pass")),
        (h.enrolment("s2"), LearnerEnrolled("audit", day_known=False)),
        (h.enrolment("s2"), LearnerWithdrawn()),
        (h.enrolment("s3"), EnrolmentTransferred("out", h.RUN, "B", ())),
    ]
    assert sums("run_totals", RUN_TOTALS, *facts)[(h.RUN,)] == {
        "enrolled": 2,
        "active": 1,
        "withdrawn": 1,
        "transferred": 1,
        "enrolled_day_unknown": 1,
        "pass": 1,
    }
    corrected = sums("run_totals", RUN_TOTALS, *facts, (MINE, OutcomeRecorded("distinction")))
    assert "pass" not in corrected[(h.RUN,)]
    assert corrected[(h.RUN,)]["distinction"] == 1


def test_a_regrade_moves_the_sums_and_the_distribution() -> None:
    """From the seventh tenth to full marks; counted once."""
    facts = [(MINE, h.submitted()), (MINE, h.graded("70.25"))]
    (row,) = sums("item_totals", ITEM_TOTALS, *facts).values()
    assert (row["scored"], row["raw_sum"]) == (1, Decimal("70.25"))
    facts.append((MINE, h.graded("100")))
    (row,) = sums("item_totals", ITEM_TOTALS, *facts).values()
    assert (row["graded"], row["raw_sum"], row["share_sum"]) == (1, 100, 1)
    log = filled(facts[:2])
    store, of = read(log, ANALYTICS)
    assert store.sums(of, "item_scores") == {("main", h.RUN, "a1", 7): (1,)}
    log.add(*facts[2])
    kept_up(log, store, ANALYTICS).stop()
    assert store.sums(of, "item_scores") == {
        ("main", h.RUN, "a1", 7): (0,),
        ("main", h.RUN, "a1", 10): (1,),
    }


def test_days_are_those_of_utc() -> None:
    """An enrolment of an unknown day is in no day."""
    log = Recorded()
    log.add(MINE, LearnerEnrolled("audit"), at=MONDAY)
    log.add(h.enrolment("s2"), LearnerEnrolled("audit", day_known=False), at=MONDAY)
    log.add(MINE, h.submitted(late=1), at=MONDAY + timedelta(days=1))
    store, of = read(log, ANALYTICS)
    assert store.sums(of, "run_daily") == {
        ("main", h.RUN, date(2026, 3, 2)): (1, 0, 0, 0, 0, 0),
        ("main", h.RUN, date(2026, 3, 3)): (0, 0, 1, 1, 0, 0),
    }
    assert RUN_DAILY[2] == "submissions"


def test_shares_are_exact_and_rounded_half_away_from_zero() -> None:
    """1/3 keeps its exact value for comparing; what is stored has six decimals."""
    assert share("1", "3") == 1 / share("3", "1")  # type: ignore[operator]
    assert score("1", "3") == Decimal("0.333333")
    assert score("0.0000005", "1") == Decimal("0.000001")
    assert score("-0.0000005", "1") == Decimal("-0.000001")
    assert score("5", "0") is None


@pytest.mark.parametrize("raw", ["ten", "NaN", "1/0"])
def test_a_score_that_is_no_number_is_put_aside_with_its_key(raw: str) -> None:
    """The learner's other items go on."""
    log = filled([(MINE, h.graded(raw)), (MINE, h.graded("5", item="a2"))])
    store, of = read(log, ANALYTICS)
    assert [(one.key, one.position) for one in store.parked(of)] == [
        (("main", h.RUN, "s1", "a1"), 1)
    ]
    assert [work.item for work in store.rows(of, "work")] == ["a2"]
