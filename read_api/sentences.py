"""How is a fact told to a person, in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

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
    ContentDrafted,
    ContentVersionPublished,
    CourseCreated,
    DraftDiscarded,
    DueDateOverridden,
    DueOverrideRemoved,
    GradingPolicyPublished,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
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
    RegradeCompleted,
    RegradeStarted,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    IntegrityPolicyPublished,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.kernel import Envelope, Fact
from domain.peer_review.facts import (
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from projections.decoding import Unreadable
from read_api import sentences_erasure as erasure
from read_api import sentences_people as people

F = TypeVar("F", bound=Fact)

Titles = Mapping[tuple[str, str], str]
"""Titles of items, by run and item."""

Teller = Callable[[Any, Callable[[str], str]], str]
"""Tells a fact, given it and what the title of an item is."""

SECONDS_A_DAY = 86_400

_tellers: dict[type[Fact], Teller] = {}
_WITHOUT_TITLES = {**people.TELLERS, **erasure.TELLERS}


def sentence(envelope: Envelope, titles: Titles) -> str:
    """Return the sentence; an item without a title goes by its id."""
    run = envelope.stream.split("/")[2] if envelope.stream.count("/") > 1 else ""
    plain = _PLAIN.get(type(envelope.fact))
    if plain is not None:
        return plain.format(f=envelope.fact)
    told = _WITHOUT_TITLES.get(type(envelope.fact))
    if told is not None:
        return told(envelope.fact)
    tell = _tellers[type(envelope.fact)]
    return tell(envelope.fact, lambda item: titles.get((run, item)) or item)


def tells(cls: type[Fact]) -> bool:
    """Whether there is a sentence for this class of facts."""
    return cls in _PLAIN or cls in _tellers or cls in _WITHOUT_TITLES


def _for(cls: type[F]) -> Callable[[Callable[[F, Callable[[str], str]], str]], None]:
    def take(teller: Callable[[F, Callable[[str], str]], str]) -> None:
        _tellers[cls] = teller

    return take


def lateness(seconds: int) -> str:
    """Tell a time in the largest unit that it fills, rounded up: "3 days", "1 hour"."""
    for size, unit in ((SECONDS_A_DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            return _counted(-(-seconds // size), unit)
    return "0 seconds"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _clock(milliseconds: int) -> str:
    return str(timedelta(seconds=milliseconds // 1_000))


def _score(raw: str | None, possible: str) -> str:
    return "without a score" if raw is None else f"{raw} of {possible}"


_PLAIN: dict[type[Fact], str] = {
    CourseCreated: "Course {f.course} entered the catalogue: {f.title}",
    RunScheduled: "Run {f.run} of {f.course} was announced, from {f.starts:%Y-%m-%d}",
    RunRescheduled: "Run {f.run} was moved: {f.starts:%Y-%m-%d} to {f.ends:%Y-%m-%d}",
    RunArchived: "Run {f.run} was archived",
    GradingPolicyPublished: "Grading policy {f.number} was published",
    DraftDiscarded: "Content draft {f.draft} was discarded",
    SeatTaken: "Took a seat",
    ModuleUnlocked: "Unlocked module {f.module}",
    ModuleRelocked: "Module {f.module} was locked again",
    ModuleWaived: "Module {f.module} was opened by a waiver",
    ModuleWaiverWithdrawn: "The waiver of module {f.module} was taken back",
    CohortJoined: "Joined cohort {f.cohort}",
    CohortLeft: "Left cohort {f.cohort}",
    SeatReleased: "Gave the seat back",
    AdministratorAdded: "{f.holder} became an administrator for good",
    AdministratorRemoved: "{f.holder} is no administrator for good any more",
    AccessExpired: "Access as an auditor ended",
    RefundApproved: "Order {f.order} is refunded",
    WaitlistJoined: "Joined the waitlist, mode {f.mode}",
    SeatOffered: "Was offered a seat, to be taken before {f.expires:%Y-%m-%d %H:%M} UTC",
    SeatOfferLapsed: "Did not take the seat in time; it was offered until "
    "{f.expires:%Y-%m-%d %H:%M} UTC",
    RegradeCompleted: "Regrades {f.batch} were completed: {f.learners:,} grades",
    CoursePassed: "Passed with {f.percent} %",
    CourseFailed: "Failed with {f.percent} %",
    CertificateRevoked: "Certificate {f.certificate} was revoked",
    CertificateReissued: "Certificate {f.certificate} was issued in place of {f.supersedes}",
    CertificateAllowed: "A certificate was allowed whatever the grade",
    GradesWithheld: "The grades of {f.run} are withheld",
    GradesReleased: "The grades of {f.run} were released",
    IntegrityPolicyPublished: "Integrity policy {f.number} was published",
    HonorCodeAccepted: "Accepted version {f.version} of the honour code",
    ViolationDismissed: "Violation {f.violation} was dismissed",
    Unreadable: "This version cannot read this fact",
    **people.PLAIN,
    **erasure.PLAIN,
}
"""Facts that need no more than their fields."""


@_for(ContentVersionPublished)
def _published(fact: ContentVersionPublished, _: Callable[[str], str]) -> str:
    return f"Content version {fact.number} was published, {_counted(len(fact.items), 'item')}"


@_for(ContentDrafted)
def _drafted(fact: ContentDrafted, _: Callable[[str], str]) -> str:
    return f"Content was drafted (draft {fact.draft}), {_counted(len(fact.items), 'item')}"


@_for(SeatsCounted)
def _seats(fact: SeatsCounted, _: Callable[[str], str]) -> str:
    return f"Seats were counted: {len(fact.taken):,} taken"


@_for(ItemViewed)
def _viewed(fact: ItemViewed, title: Callable[[str], str]) -> str:
    return f"Opened {title(fact.item)}"


@_for(PrerequisiteSet)
def _prerequisite(fact: PrerequisiteSet, _: Callable[[str], str]) -> str:
    wanted = fact.prerequisite
    if wanted is None:
        return f"{fact.course} no longer needs another course first"
    least = wanted.minimum_percent
    how = "passed" if least is None else f"with {least} % or more"
    return f"{fact.course} now needs {wanted.course} first, {how}"


@_for(SeatsLimited)
def _limited(fact: SeatsLimited, _: Callable[[str], str]) -> str:
    if fact.capacity is None:
        return "Seats are no longer limited"
    return f"Seats were limited to {fact.capacity:,}"


@_for(ModeChanged)
def _changed_mode(fact: ModeChanged, _: Callable[[str], str]) -> str:
    said = f"Changed from mode {fact.before} to {fact.mode}"
    if fact.access_until is not None:
        said += f", with access until {fact.access_until:%Y-%m-%d}"
    return said


@_for(RefundDenied)
def _refund_denied(fact: RefundDenied, _: Callable[[str], str]) -> str:
    because = {
        "certificate": "there is a certificate",
        "window": f"the window closed on {fact.until:%Y-%m-%d}",
    }
    why = " and ".join(because[reason] for reason in fact.reasons)
    return f"Order {fact.order} is not refunded: {why}"


@_for(WaitlistLeft)
def _waits_no_longer(fact: WaitlistLeft, _: Callable[[str], str]) -> str:
    if fact.reason == "no-limit":
        return "Need not wait any more: seats are no longer limited"
    return "Left the waitlist"


@_for(LearnerEnrolled)
def _enrolled(fact: LearnerEnrolled, _: Callable[[str], str]) -> str:
    said = f"Enrolled, mode {fact.mode}"
    if fact.satisfied_by is not None:
        said += f", admitted by {fact.satisfied_by}"
    if fact.afresh:
        said += ", beginning afresh"
    return said if fact.day_known else said + " (on a day that is not known)"


@_for(LearnerWithdrawn)
def _withdrawn(fact: LearnerWithdrawn, _: Callable[[str], str]) -> str:
    if fact.violation is not None:
        return f"The enrolment was ended by violation {fact.violation}"
    return "Withdrew" if fact.reason is None else "Withdrew, with a reason"


@_for(EnrolmentTransferred)
def _transferred(fact: EnrolmentTransferred, _: Callable[[str], str]) -> str:
    way = f"to {fact.to_run}" if fact.direction == "out" else f"from {fact.from_run}"
    return f"Transferred {way}, carrying {_counted(len(fact.carried), 'result')}"


@_for(VideoWatched)
def _watched(fact: VideoWatched, title: Callable[[str], str]) -> str:
    return f"Watched {title(fact.item)} from {_clock(fact.start_ms)} to {_clock(fact.end_ms)}"


@_for(ItemCompleted)
def _completed(fact: ItemCompleted, title: Callable[[str], str]) -> str:
    how = {"coverage": "watched", "viewed": "viewed", "submitted": "handed in"}[fact.basis]
    return f"Completed {title(fact.item)} ({how})"


@_for(SubmissionReceived)
def _submitted(fact: SubmissionReceived, title: Callable[[str], str]) -> str:
    said = f"Submitted {title(fact.item)}"
    if fact.number > 1:
        said += f", attempt {fact.number}"
    return said + (f", {lateness(fact.late_seconds)} late" if fact.late_seconds else "")


@_for(AttemptStarted)
def _started(fact: AttemptStarted, title: Callable[[str], str]) -> str:
    until = "" if fact.deadline is None else f", until {fact.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return f"Began {title(fact.item)}, attempt {fact.number}{until}"


@_for(AttemptDeadlineMoved)
def _moved(fact: AttemptDeadlineMoved, title: Callable[[str], str]) -> str:
    until = f"{fact.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return f"{title(fact.item)}, attempt {fact.attempt}, takes until {until} now"


@_for(WorkSaved)
def _saved(fact: WorkSaved, title: Callable[[str], str]) -> str:
    return f"Kept work on {title(fact.item)}, attempt {fact.attempt}"


@_for(AttemptExpired)
def _expired(fact: AttemptExpired, title: Callable[[str], str]) -> str:
    return f"The time for {title(fact.item)}, attempt {fact.attempt}, was up"


@_for(AttemptAbandoned)
def _abandoned(fact: AttemptAbandoned, title: Callable[[str], str]) -> str:
    how = "was given up" if fact.basis == "given-up" else "ended without anything handed in"
    return f"{title(fact.item)}, attempt {fact.attempt}, {how}"


@_for(GraderFailed)
def _grader_failed(fact: GraderFailed, title: Callable[[str], str]) -> str:
    said = "could not be graded, and uses up no attempt"
    return f"{title(fact.item)}, attempt {fact.attempt}, {said}"


@_for(LatenessRedecided)
def _redecided(fact: LatenessRedecided, title: Callable[[str], str]) -> str:
    now = f"{lateness(fact.late_seconds)} late" if fact.late_seconds else "in time"
    return f"{title(fact.item)}, attempt {fact.attempt}, counts as {now} after a change of dates"


@_for(ExtensionGranted)
def _extended(fact: ExtensionGranted, title: Callable[[str], str]) -> str:
    terms = []
    if fact.no_due:
        terms.append("no due date")
    elif fact.due is not None:
        terms.append(f"due {fact.due:%Y-%m-%d %H:%M} UTC")
    if fact.attempts:
        terms.append(_counted(fact.attempts, "more attempt"))
    if fact.time_factor != "1":
        terms.append(f"{fact.time_factor} times the time")
    return f"Own terms for {title(fact.item)}: {', '.join(terms) or 'those of all'}"


@_for(ExtensionWithdrawn)
def _unextended(fact: ExtensionWithdrawn, title: Callable[[str], str]) -> str:
    return f"Own terms for {title(fact.item)} were taken back"


@_for(DueDateOverridden)
def _overridden(fact: DueDateOverridden, title: Callable[[str], str]) -> str:
    whom = "everybody" if fact.cohort is None else f"cohort {fact.cohort}"
    due = "due at no time" if fact.due is None else f"due {fact.due:%Y-%m-%d %H:%M} UTC"
    return f"{title(fact.item)} is {due} for {whom}"


@_for(DueOverrideRemoved)
def _restored(fact: DueOverrideRemoved, title: Callable[[str], str]) -> str:
    whom = "everybody" if fact.cohort is None else f"cohort {fact.cohort}"
    return f"{title(fact.item)} is due as its content says again, for {whom}"


@_for(SubmissionGraded)
def _graded(fact: SubmissionGraded, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} was graded {_score(fact.raw, fact.possible)}"


@_for(LatePenaltyApplied)
def _penalised(fact: LatePenaltyApplied, title: Callable[[str], str]) -> str:
    if fact.deducted == "0":
        return f"{title(fact.item)}: nothing is deducted any more for being late"
    return (
        f"{title(fact.item)} lost {fact.deducted} of {fact.raw} points for being "
        f"{lateness(fact.late_seconds)} late"
    )


@_for(MissingWorkScored)
def _missing(fact: MissingWorkScored, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} is missing, and scored {_score(fact.raw, fact.possible)}"


@_for(MissingWorkCleared)
def _not_missing(fact: MissingWorkCleared, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} is not missing after all"


@_for(ScoreOverridden)
def _set_by_hand(fact: ScoreOverridden, title: Callable[[str], str]) -> str:
    said = f"{title(fact.item)} was set to {_score(fact.new, fact.possible)} by a person"
    if fact.old is None or fact.old_possible is None:
        return said
    return f"{said}, before {_score(fact.old, fact.old_possible)}"


@_for(OverrideRemoved)
def _computed_again(fact: OverrideRemoved, title: Callable[[str], str]) -> str:
    if fact.new is None or fact.possible is None:
        return f"{title(fact.item)} is no longer set by a person, and has no score"
    return f"{title(fact.item)} is again what was computed, {_score(fact.new, fact.possible)}"


@_for(ItemExcused)
def _excused(fact: ItemExcused, title: Callable[[str], str]) -> str:
    return f"Excused from {title(fact.item)}"


@_for(ExcuseWithdrawn)
def _included(fact: ExcuseWithdrawn, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} counts again"


@_for(ResultTransferred)
def _carried(fact: ResultTransferred, title: Callable[[str], str]) -> str:
    came = "an earlier run" if fact.from_run is None else fact.from_run
    return f"{title(fact.item)} was carried over from {came}, {_score(fact.raw, fact.possible)}"


@_for(CourseGradeComputed)
def _computed(fact: CourseGradeComputed, _: Callable[[str], str]) -> str:
    letter = "" if fact.letter is None else f", {fact.letter}"
    return f"Course grade computed: {fact.percent} %{letter}"


@_for(RegradeStarted)
def _regrading(fact: RegradeStarted, _: Callable[[str], str]) -> str:
    how = ", only to raise" if fact.only_if_higher else ""
    return f"Regrades {fact.batch} began{how}: {fact.reason}"


@_for(OutcomeRecorded)
def _outcome(fact: OutcomeRecorded, _: Callable[[str], str]) -> str:
    return f"The exam board decided: {fact.result}"


@_for(CertificateIssued)
def _issued(fact: CertificateIssued, _: Callable[[str], str]) -> str:
    share = "" if fact.percent is None else f", {fact.percent} %"
    return f"Certificate {fact.certificate} was issued: {fact.course}, {fact.result}{share}"


@_for(CertificateBarred)
def _barred(fact: CertificateBarred, _: Callable[[str], str]) -> str:
    because = "" if fact.violation is None else f" because of violation {fact.violation}"
    return f"Barred from a certificate{because}"


@_for(CertificateBarLifted)
def _unbarred(fact: CertificateBarLifted, _: Callable[[str], str]) -> str:
    of = "" if fact.violation is None else f" because of violation {fact.violation}"
    return f"No longer barred from a certificate{of}"


@_for(IdentityVerified)
def _identified(fact: IdentityVerified, _: Callable[[str], str]) -> str:
    until = "" if fact.expires is None else f", until {fact.expires:%Y-%m-%d}"
    return f"Identity verified ({fact.method}){until}"


@_for(ViolationReported)
def _reported(fact: ViolationReported, title: Callable[[str], str]) -> str:
    where = "" if fact.item is None else f" on {title(fact.item)}"
    return f"Violation {fact.violation} was reported: {fact.kind}{where}"


@_for(ViolationUpheld)
def _upheld(fact: ViolationUpheld, _: Callable[[str], str]) -> str:
    follows = ", ".join(fact.consequences) or "nothing"
    return f"Violation {fact.violation} was upheld; it follows: {follows}"


@_for(AttemptVoided)
def _voided(fact: AttemptVoided, title: Callable[[str], str]) -> str:
    return f"Attempt {fact.attempt} on {title(fact.item)} counts for nothing"


@_for(AttemptRestored)
def _counts_again(fact: AttemptRestored, title: Callable[[str], str]) -> str:
    return f"Attempt {fact.attempt} on {title(fact.item)} counts again"


@_for(SubmissionPooled)
def _pooled(fact: SubmissionPooled, title: Callable[[str], str]) -> str:
    wanted = _counted(fact.task.must_be_graded_by, "review")
    return f"{title(fact.item)} waits for {wanted} by peers"


@_for(SubmissionWithdrawn)
def _withdrawn_work(fact: SubmissionWithdrawn, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} is no longer given to peers: the attempt is void"


@_for(SubmissionReturned)
def _returned_work(fact: SubmissionReturned, title: Callable[[str], str]) -> str:
    return f"{title(fact.item)} is given to peers again: the attempt was restored"


@_for(ReviewClaimed)
def _claimed(fact: ReviewClaimed, title: Callable[[str], str]) -> str:
    return f"Took the work of {fact.author} on {title(fact.item)} to review"


@_for(ReviewSubmitted)
def _reviewed(fact: ReviewSubmitted, title: Callable[[str], str]) -> str:
    points = sum(part.points for part in fact.parts)
    return f"Reviewed the work of {fact.author} on {title(fact.item)}: {points} points"


@_for(ReviewLeaseExpired)
def _lease_ended(fact: ReviewLeaseExpired, title: Callable[[str], str]) -> str:
    return f"Did not review the work of {fact.author} on {title(fact.item)} in time"


@_for(PeerScoreFinalized)
def _peer_score(fact: PeerScoreFinalized, title: Callable[[str], str]) -> str:
    reviews = _counted(len(fact.reviews), "review")
    return f"{title(fact.item)} got {_score(fact.raw, fact.possible)} from {reviews} by peers"


@_for(RoleGranted)
def _granted(fact: RoleGranted, _: Callable[[str], str]) -> str:
    until = "" if fact.until is None else f", until {fact.until:%Y-%m-%d %H:%M} UTC"
    return f"{fact.holder} became {fact.role} {_where(fact.run)}{until}"


@_for(RoleRevoked)
def _revoked(fact: RoleRevoked, _: Callable[[str], str]) -> str:
    return f"{fact.holder} is {fact.role} {_where(fact.run)} no more"


def _where(run: str | None) -> str:
    return "everywhere" if run is None else f"in {run}"
