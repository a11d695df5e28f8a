"""Histories of a small university, for tests of readings."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import strategies as st

from domain.access.facts import (
    AdministratorAdded,
    AdministratorRemoved,
    RoleGranted,
    RoleRevoked,
)
from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptStarted,
    ExtensionGranted,
    ExtensionWithdrawn,
    GraderFailed,
    LatenessRedecided,
    SubmissionReceived,
    WorkSaved,
)
from domain.catalogue.facts import (
    ContentVersionPublished,
    CourseCreated,
    Criterion,
    DueDateOverridden,
    DueOverrideRemoved,
    Item,
    ItemDue,
    PeerTask,
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.consent.facts import ConsentGiven, ConsentWithdrawn, PurposePublished
from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
)
from domain.engagement.facts import (
    ItemCompleted,
    ItemViewed,
    ModuleRelocked,
    ModuleUnlocked,
    ModuleWaived,
    ModuleWaiverWithdrawn,
    VideoWatched,
)
from domain.enrolment.facts import (
    AccessExpired,
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
    RefundApproved,
    RefundDenied,
    SeatOffered,
    SeatOfferLapsed,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    ExcuseWithdrawn,
    GradesReleased,
    GradesWithheld,
    ItemExcused,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    IntegrityPolicy,
    IntegrityPolicyPublished,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.kernel import Fact, Personal
from domain.learners.facts import (
    GoalsSet,
    LearnerRegistered,
    LearnersMerged,
    LearnersUnmerged,
    PreferencesSet,
    ProfileChanged,
    RecordCorrected,
)
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
from domain.privacy.facts import (
    CachesDropped,
    EpochKeyDestroyed,
    ErasureBegun,
    ErasureHeld,
    ErasureRequested,
    IndexPurged,
    KeyDestroyed,
    LegalHoldLifted,
    LegalHoldPlaced,
    Receipt,
    RowsDeleted,
    SubjectErased,
    TombstonesWritten,
)
from domain.retention.facts import RetentionRulePublished, Rule
from domain.tenants.facts import (
    HeldLearner,
    TenantErased,
    TenantErasureBegun,
    TenantErasureHeld,
    TenantErasureRequested,
    TenantImported,
    TenantLearnersErased,
    TenantOpened,
)

RUN = "AAA-2013J"
STARTS = datetime(2013, 10, 1, tzinfo=UTC)
ENDS = datetime(2014, 6, 1, tzinfo=UTC)
COURSE = CourseCreated("AAA", "Appreciation of anything", "For the curious")
SCHEDULED = RunScheduled(
    RUN, "AAA", "Autumn 2013", STARTS, ENDS, None, None, None, ("audit",), ("audit",)
)
CONTENT = ContentVersionPublished(
    RUN,
    1,
    (
        Item("a1", "assignment", "First essay", category="TMA", due=STARTS),
        Item("v1", "video", "Welcome", duration_ms=60_000),
    ),
)


def enrolment(subject: str, run: str = RUN) -> str:
    """Name an enrolment's stream, without the tenant."""
    return f"enrolment/{run}/{subject}"


def person(subject: str) -> str:
    """Name a learner's stream, without the tenant."""
    return f"learner/{subject}"


def viewing(subject: str, run: str = RUN) -> str:
    """Name a viewing's stream, without the tenant."""
    return f"viewing/{run}/{subject}"


def submitted(attempt: str = "t1", number: int = 1, item: str = "a1", late: int = 0) -> Fact:
    """Work was handed in."""
    return SubmissionReceived(item, attempt, number, 1, STARTS, late)


def graded(raw: str, attempt: str = "t1", item: str = "a1", possible: str = "100") -> Fact:
    """An attempt was scored."""
    return SubmissionGraded(item, attempt, raw, possible, "grader")


def issued(subject: str) -> Fact:
    """A certificate was issued."""
    return CertificateIssued(f"c-{subject}", "AAA", "audit", "board", "pass", None)


CATALOGUE = [
    ("course/AAA", COURSE),
    ("course/AAA", PrerequisiteSet("AAA", Prerequisite("ZZZ", 40))),
    (f"run/{RUN}", SCHEDULED),
    (f"run-content/{RUN}", CONTENT),
]

_subjects = st.sampled_from(["s1", "s2", "s3"])
_items = st.sampled_from(["a1", "a2", "v1"])
_attempts = st.sampled_from(["t1", "t2"])
_violations = st.sampled_from([None, "v1"])
_scores = st.decimals(0, 100, places=2).map(str)
of_enrolment: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        LearnerEnrolled,
        st.just("audit"),
        day_known=st.booleans(),
        afresh=st.booleans(),
        missing_from=st.just(()) | st.just((ItemDue("a1", ENDS),)),
        scores_missing=st.booleans(),
    ),
    st.builds(LearnerWithdrawn),
    st.builds(ModeChanged, st.just("audit"), st.just("verified"), st.none() | st.just(ENDS)),
    st.builds(AccessExpired, st.just(ENDS)),
    st.builds(RefundApproved, st.just("o1"), st.just(STARTS), st.just(ENDS)),
    st.builds(RefundDenied, st.just("o1"), st.just(STARTS), st.just(ENDS), st.just(("window",))),
    st.builds(
        EnrolmentTransferred,
        st.sampled_from(["in", "out"]),
        st.just("A"),
        st.just("B"),
        st.just(()),
    ),
    st.builds(
        SubmissionReceived,
        _items,
        _attempts,
        st.integers(1, 3),
        st.just(1),
        st.none(),
        st.integers(0, 2),
    ),
    st.builds(
        SubmissionGraded,
        _items,
        _attempts,
        _scores,
        st.sampled_from(["100", "7", "0"]),
        st.just("g"),
    ),
    st.builds(
        LatenessRedecided, _items, _attempts, st.none(), st.integers(0, 2), st.just("learner")
    ),
    st.builds(
        AttemptStarted,
        _items,
        _attempts,
        st.integers(1, 3),
        st.just(1),
        st.just("100"),
        st.none() | st.just(ENDS),
    ),
    st.builds(AttemptDeadlineMoved, _items, _attempts, st.just(ENDS), st.just("2")),
    st.builds(WorkSaved, _items, _attempts, st.just("a" * 64)),
    st.builds(AttemptExpired, _items, _attempts, st.just(ENDS), st.just("submit")),
    st.builds(AttemptAbandoned, _items, _attempts, st.just("expired")),
    st.builds(GraderFailed, _items, _attempts, st.just("g")),
    st.builds(ExtensionGranted, _items, st.none() | st.just(ENDS), st.booleans()),
    st.builds(ExtensionWithdrawn, _items),
    st.builds(ModuleUnlocked, st.sampled_from(["m1", "m2"]), st.just(1), st.just(())),
    st.builds(ModuleRelocked, st.sampled_from(["m1", "m2"]), st.just(1), st.just(())),
    st.builds(ModuleWaived, st.sampled_from(["m1", "m2"])),
    st.builds(ModuleWaiverWithdrawn, st.sampled_from(["m1", "m2"])),
    st.builds(CohortJoined, st.sampled_from(["c1", "c2"])),
    st.builds(CohortLeft, st.sampled_from(["c1", "c2"])),
    st.builds(
        LatePenaltyApplied,
        _items,
        _attempts,
        _scores,
        st.just("100"),
        st.sampled_from(["0", "5.25", "100"]),
        st.integers(0, 90_000),
        st.integers(0, 2),
        st.just(1),
    ),
    st.builds(
        MissingWorkScored,
        _items,
        _scores,
        st.just("100"),
        st.just(STARTS),
        st.just("0"),
        st.just(1),
    ),
    st.builds(MissingWorkCleared, _items),
    st.builds(ScoreOverridden, _items, _scores, st.sampled_from(["100", "0"])),
    st.builds(OverrideRemoved, _items, _scores, st.just("100")),
    st.builds(ItemExcused, _items),
    st.builds(ExcuseWithdrawn, _items),
    st.builds(ResultTransferred, _items, st.none() | _scores, st.just("100")),
    st.builds(ItemViewed, _items),
    st.builds(
        CourseGradeComputed, st.integers(0, 100), st.none(), st.just("1"), st.just(""), st.just(1)
    ),
    st.builds(CoursePassed, st.integers(0, 100), st.just("computed")),
    st.builds(CourseFailed, st.integers(0, 100), st.just("computed")),
    st.builds(OutcomeRecorded, st.sampled_from(["distinction", "pass", "fail", "withdrawn"])),
    st.sampled_from(["c1", "c2"]).map(
        lambda c: CertificateIssued(c, "AAA", "audit", "board", "pass", None)
    ),
    st.sampled_from(["c1", "c2"]).map(lambda c: CertificateRevoked(c, Personal(sealed="x"))),
    st.permutations(["c1", "c2"]).map(
        lambda c: CertificateReissued(
            c[0], c[1], "AAA", "audit", "board", "pass", None, Personal(sealed="x")
        )
    ),
    st.just(CertificateAllowed(Personal(sealed="x"))),
    st.builds(
        PeerScoreFinalized,
        _items,
        _attempts,
        st.just(("s1/r1",)),
        st.just("median-v1"),
        st.just((Part("all", 3),)),
        _scores,
        st.sampled_from(["100", "7", "0"]),
        st.just(1),
        st.just(1),
    ),
    st.builds(CertificateBarred, st.none(), _violations),
    st.builds(CertificateBarLifted, st.none(), _violations),
    st.just(HonorCodeAccepted("1")),
    st.builds(IdentityVerified, st.just("in-person"), st.none() | st.just(ENDS)),
    st.builds(ViolationReported, st.just("v1"), st.just("plagiarism"), _items, _attempts),
    st.just(ViolationUpheld("v1", ("void-attempt",), 1, Personal(sealed="x"))),
    st.just(ViolationDismissed("v1", Personal(sealed="x"))),
    st.builds(AttemptVoided, _items, _attempts, st.just("v1")),
    st.builds(AttemptRestored, _items, _attempts, st.just("v1")),
)


_TASK = PeerTask(2, 2, (Criterion("all", 5),), flexible=True)
_of_pool: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        SubmissionPooled,
        st.just("a1"),
        _subjects,
        _attempts,
        st.just(_TASK),
        st.none() | st.just(ENDS),
    ),
    st.builds(SubmissionWithdrawn, st.just("a1"), _subjects, _attempts, st.just("v1")),
    st.builds(SubmissionReturned, st.just("a1"), _subjects, _attempts, st.just("v1")),
    st.builds(
        ReviewClaimed,
        st.just("a1"),
        _subjects,
        st.sampled_from(["r1", "r2"]),
        _subjects,
        _attempts,
        st.just(ENDS),
    ),
    st.builds(
        ReviewSubmitted,
        st.just("a1"),
        _subjects,
        st.sampled_from(["r1", "r2"]),
        _subjects,
        _attempts,
        st.just((Part("all", 3),)),
    ),
    st.builds(
        ReviewLeaseExpired,
        st.just("a1"),
        _subjects,
        st.sampled_from(["r1", "r2"]),
        _subjects,
        _attempts,
    ),
)


def _enrolled(subject: str, fact: Fact) -> tuple[str, Fact]:
    """Return a fact on a learner's stream. No certificate is issued to two learners."""
    if isinstance(fact, CertificateIssued | CertificateRevoked | CertificateReissued):
        fact = msgspec.structs.replace(fact, certificate=f"{fact.certificate}-{subject}")
    if isinstance(fact, CertificateReissued):
        fact = msgspec.structs.replace(fact, supersedes=f"{fact.supersedes}-{subject}")
    return enrolment(subject), fact


_sealed = st.none() | st.sampled_from(["x", "y"]).map(lambda said: Personal(sealed=said, mark=said))
_purposes = st.sampled_from(["analytics", "research"])
_bases = st.sampled_from(["consent", "contract"])
_sides = st.sampled_from(["away", "into"])
_of_person: st.SearchStrategy[Fact] = st.one_of(
    st.builds(LearnerRegistered, _subjects, _sealed, _sealed, language=st.none() | st.just("en")),
    st.builds(
        ProfileChanged,
        _sealed,
        time_zone=st.none() | st.just("Europe/London"),
        cleared=st.sampled_from([(), ("email",), ("language", "name")]),
    ),
    st.builds(PreferencesSet, st.sampled_from([(), ("grades",)])),
    st.just(GoalsSet(Personal(sealed="x", mark="x"))),
    st.builds(LearnersMerged, _sides, _subjects, _subjects, st.sampled_from([(), ("s4",)])),
    st.builds(LearnersUnmerged, _sides, _subjects, _subjects),
    st.builds(ConsentGiven, _purposes, st.integers(1, 2)),
    st.builds(ConsentWithdrawn, _purposes, st.integers(1, 2)),
    st.builds(RecordCorrected, st.integers(1, 9), st.just("f1"), st.just(Personal(sealed="x"))),
)


_spans = st.tuples(st.integers(0, 50), st.integers(1, 50))
_of_viewing: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        lambda item, span, term: VideoWatched(
            item, span[0], sum(span), span[0], sum(span), "1", "s", term
        ),
        _items,
        _spans,
        st.integers(0, 1),
    ),
    st.builds(ItemCompleted, _items, st.just("coverage")),
)
_of_run: st.SearchStrategy[tuple[str, Fact]] = st.one_of(
    st.sampled_from(CATALOGUE),
    st.just((f"run/{RUN}", RunArchived(RUN))),
    st.builds(
        lambda item, due, cohort: (
            f"run-content/{RUN}",
            DueDateOverridden(RUN, item, due, "Snow", cohort),
        ),
        _items,
        st.none() | st.just(ENDS),
        st.none() | st.just("c1"),
    ),
    st.builds(
        lambda item, cohort: (
            f"run-content/{RUN}",
            DueOverrideRemoved(RUN, item, "Thaw", cohort),
        ),
        _items,
        st.none() | st.just("c1"),
    ),
    st.just((f"run/{RUN}", RunRescheduled(RUN, STARTS, ENDS, None, None, ("a1",)))),
    st.just((f"run/{RUN}", GradesWithheld(RUN))),
    st.just((f"run/{RUN}", GradesReleased(RUN))),
    st.just((f"run/{RUN}", IntegrityPolicyPublished(RUN, 1, IntegrityPolicy("1")))),
    st.just((f"run-seats/{RUN}", SeatsLimited(RUN, 2))),
    st.just((f"run-seats/{RUN}", SeatsCounted(RUN, ("s1",), 0))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", SeatTaken(s))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", SeatReleased(s))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", WaitlistJoined(s, "audit"))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", WaitlistLeft(s))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", SeatOffered(s, ENDS))),
    _subjects.map(lambda s: (f"run-seats/{RUN}", SeatOfferLapsed(s, ENDS))),
)
_numbers = st.integers(1, 3)
_of_access: st.SearchStrategy[tuple[str, Fact]] = st.one_of(
    st.builds(
        lambda number, run, until: (
            "access/t1",
            RoleGranted("t1", number, "instructor", run, until),
        ),
        _numbers,
        st.none() | st.just(RUN),
        st.none() | st.just(ENDS),
    ),
    _numbers.map(lambda number: ("access/t1", RoleRevoked("t1", number, "instructor"))),
    st.just(("administrators/all", AdministratorAdded("t1"))),
    st.just(("administrators/all", AdministratorRemoved("t1"))),
)
_receipts = st.just((Receipt("keys", 1),))
_of_erasure: st.SearchStrategy[Fact] = st.one_of(
    st.just(LegalHoldPlaced("h1", "legal-claim")),
    st.just(LegalHoldLifted("h1")),
    st.builds(
        ErasureRequested, st.just("objection"), st.booleans(), st.sampled_from([(), ("s2",)])
    ),
    st.just(ErasureHeld(("h1",))),
    st.just(ErasureBegun("objection")),
    st.builds(KeyDestroyed, st.just(1), st.just(STARTS), _receipts),
    st.builds(CachesDropped, _receipts),
    st.builds(RowsDeleted, _receipts),
    st.builds(IndexPurged, _receipts),
    st.builds(TombstonesWritten, _receipts),
    st.builds(EpochKeyDestroyed, st.just(1), _receipts),
    st.just(SubjectErased("00")),
)
_of_tenant: st.SearchStrategy[Fact] = st.one_of(
    st.just(TenantOpened("north", "University of the North")),
    st.just(TenantImported("north", "log.example", 7, "00" * 32, 2)),
    st.just(TenantErasureRequested("north", "objection")),
    st.just(TenantErasureHeld("north", 1, (HeldLearner("s1", ("h1",)),))),
    st.just(TenantErasureBegun("north", "objection")),
    st.just(TenantLearnersErased("north", "objection", 2)),
    st.builds(TenantErased, st.just("north"), st.just(2), _receipts),
)
anything: st.SearchStrategy[tuple[str, Fact]] = st.one_of(
    _of_run,
    st.builds(_enrolled, _subjects, of_enrolment),
    st.builds(_enrolled, _subjects, of_enrolment),
    st.tuples(_subjects.map(viewing), _of_viewing),
    st.tuples(_subjects.map(person), _of_person),
    st.builds(
        lambda rule, months: (
            f"retention/{rule}",
            RetentionRulePublished(rule, 1, months and Rule("run-end", months)),
        ),
        st.sampled_from(["default", "work"]),
        st.none() | st.just(12),
    ),
    st.builds(
        lambda purpose, basis: (
            f"purpose/{purpose}",
            PurposePublished(purpose, 1, basis, "Title", "Text"),
        ),
        _purposes,
        _bases,
    ),
    st.tuples(st.just(f"peer-pool/{RUN}/a1"), _of_pool),
    _of_access,
    st.tuples(_subjects.map(lambda s: f"erasure/{s}"), _of_erasure),
    st.tuples(st.just("tenant/north"), _of_tenant),
)
"""Any fact on a stream of its kind, whether or not it makes sense where it stands."""

histories = st.lists(anything, max_size=60)
