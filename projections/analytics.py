"""How do runs and items do: enrolments, submissions, lateness, scores, outcomes, day by day?

All sums are exact, and follow every correction, because they are differences of what each
learner's documents contribute before and after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from domain.assessment.facts import LatenessRedecided, SubmissionReceived
from domain.credentials.facts import CertificateIssued, CertificateReissued, CertificateRevoked
from domain.enrolment.facts import EnrolmentTransferred, LearnerEnrolled, LearnerWithdrawn
from domain.grading.counting import Candidate, Mark, Score, choose
from domain.grading.facts import (
    CourseFailed,
    CoursePassed,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.integrity.facts import AttemptRestored, AttemptVoided
from domain.kernel import Envelope
from domain.peer_review.facts import PeerScoreFinalized
from projections.exact import decile, number, score, share
from projections.item_progress import enrolment_keys, item_keys
from projections.reading import Amounts, Documents, Key, Reading, Tally, View, names


class Learner(Struct, frozen=True, gc=False):
    """What one learner in one run adds to the sums. Days are UTC; None: unknown."""

    run: str
    subject: str
    status: str = "unknown"
    enrolled: tuple[date | None, ...] = ()
    left: tuple[date, ...] = ()
    outcome: str | None = None
    outcome_basis: str | None = None
    certificates: tuple[date, ...] = ()
    revoked: int = 0


class Try(Struct, frozen=True, gc=False, omit_defaults=True):
    """One attempt: the days of submission and latest grade, the latest score, what of it was
    deducted for being late, and whether it counts for nothing."""

    attempt: str
    day: date | None = None
    late: bool = False
    graded: date | None = None
    raw: str | None = None
    possible: str | None = None
    deducted: str = "0"
    voided: bool = False


class Work(Struct, frozen=True, gc=False):
    """What one learner's work on one item adds to the sums."""

    run: str
    subject: str
    item: str
    tries: tuple[Try, ...] = ()
    banked: bool = False
    banked_raw: str | None = None
    banked_possible: str | None = None
    override_raw: str | None = None
    override_possible: str | None = None
    missing_raw: str | None = None
    missing_possible: str | None = None


def fold_learner(document: Learner | None, envelope: Envelope, key: Key) -> Learner:
    """Take one fact of the enrolment's stream in."""
    old = document or Learner(*key)
    match envelope.fact:
        case LearnerEnrolled(day_known=known):
            day = _day(envelope.occurred_at) if known else None
            return replace(old, status="active", enrolled=(*old.enrolled, day))
        case LearnerWithdrawn():
            return replace(old, status="withdrawn", left=(*old.left, _day(envelope.occurred_at)))
        case EnrolmentTransferred(direction="out"):
            return replace(old, status="transferred", left=(*old.left, _day(envelope.occurred_at)))
        case OutcomeRecorded(result=result):
            return replace(old, outcome=result, outcome_basis="board")
        case CoursePassed() if old.outcome_basis != "board":
            return replace(old, outcome="pass", outcome_basis="computed")
        case CourseFailed() if old.outcome_basis != "board":
            return replace(old, outcome="fail", outcome_basis="computed")
        case CertificateIssued():
            return replace(old, certificates=(*old.certificates, _day(envelope.occurred_at)))
        case CertificateRevoked():
            return replace(old, revoked=old.revoked + 1)
        case CertificateReissued():
            return replace(old, revoked=0)  # another one is valid in its place
        case _:
            return old


def fold_work(document: Work | None, envelope: Envelope, key: Key) -> Work:
    """Take one submission, grade or banked result in."""
    old = document or Work(*key)
    day = _day(envelope.occurred_at)
    match envelope.fact:
        case SubmissionReceived(attempt=attempt, late_seconds=late):
            return _tried(old, attempt, day=day, late=late > 0)
        case LatenessRedecided(attempt=attempt, late_seconds=late):
            return _tried(old, attempt, late=late > 0)
        case (
            SubmissionGraded(attempt=attempt, raw=raw, possible=possible)
            | PeerScoreFinalized(attempt=attempt, raw=raw, possible=possible)
        ):
            share(raw, possible)
            number(raw), number(possible)
            return _tried(old, attempt, graded=day, raw=raw, possible=possible, deducted="0")
        case LatePenaltyApplied(attempt=attempt, raw=raw, possible=possible, deducted=deducted):
            share(raw, possible)
            number(raw), number(possible), number(deducted)
            return _tried(old, attempt, raw=raw, possible=possible, deducted=deducted)
        case AttemptVoided(attempt=attempt):
            return _tried(old, attempt, voided=True)
        case AttemptRestored(attempt=attempt):
            return _tried(old, attempt, voided=False)
        case ScoreOverridden(new=new, possible=possible):
            share(new, possible)
            number(new), number(possible)
            return replace(old, override_raw=new, override_possible=possible)
        case MissingWorkScored(raw=raw, possible=possible):
            share(raw, possible)
            number(raw), number(possible)
            return replace(old, missing_raw=raw, missing_possible=possible)
        case MissingWorkCleared():
            return replace(old, missing_raw=None, missing_possible=None)
        case OverrideRemoved():
            return replace(old, override_raw=None, override_possible=None)
        case ResultTransferred(raw=raw, possible=possible):
            if raw is not None:
                share(raw, possible)
                number(raw), number(possible)
            return replace(old, banked=True, banked_raw=raw, banked_possible=possible)
        case _:
            return old


def _tried(old: Work, attempt: str, **fields: object) -> Work:
    for at, one in enumerate(old.tries):
        if one.attempt == attempt:
            mended = replace(one, **fields)
            return replace(old, tries=(*old.tries[:at], mended, *old.tries[at + 1 :]))
    return replace(old, tries=(*old.tries, replace(Try(attempt), **fields)))


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


RUN_TOTALS = (
    "enrolled",
    "active",
    "withdrawn",
    "transferred",
    "enrolled_day_unknown",
    "submissions",
    "late",
    "graded",
    "banked",
    "pass",
    "distinction",
    "fail",
    "outcome_withdrawn",
    "certificates",
    "revoked",
)
RUN_DAILY = ("enrolments", "withdrawals", "submissions", "late", "grades", "certificates")
ITEM_TOTALS = {
    "submissions": int,
    "late": int,
    "graded": int,
    "scored": int,
    "raw_sum": Decimal,
    "possible_sum": Decimal,
    "share_sum": Decimal,
    "banked": int,
    "banked_scored": int,
    "banked_raw_sum": Decimal,
    "banked_possible_sum": Decimal,
}
_NONE = Decimal(0)


def learner_totals(learner: Learner) -> Mapping[Key, Amounts]:
    """Learners of the run (each once), by status and outcome; certificates ever issued."""
    status, outcome = learner.status, learner.outcome
    return {
        (learner.run,): (
            int(bool(learner.enrolled)),
            int(status == "active"),
            int(status == "withdrawn"),
            int(status == "transferred"),
            learner.enrolled.count(None),
            0,
            0,
            0,
            0,
            int(outcome == "pass"),
            int(outcome == "distinction"),
            int(outcome == "fail"),
            int(outcome == "withdrawn"),
            len(learner.certificates),
            learner.revoked,
        )
    }


def work_totals(work: Work) -> Mapping[Key, Amounts]:
    """Submissions, late ones, attempts graded, results banked."""
    submissions, late, graded = _counts(work)
    zero = (0,) * 5
    return {(work.run,): (*zero, submissions, late, graded, int(work.banked), *zero, 0)}


def learner_daily(learner: Learner) -> Mapping[Key, Amounts]:
    """Enrolments of a known day, departures and certificates, by day."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0] * 6)
    for day in learner.enrolled:
        if day is not None:
            days[day][0] += 1
    for day in learner.left:
        days[day][1] += 1
    for day in learner.certificates:
        days[day][5] += 1
    return {(learner.run, day): tuple(amounts) for day, amounts in days.items()}


def work_daily(work: Work) -> Mapping[Key, Amounts]:
    """Submissions, late ones, and attempts by the day of their latest grade."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0] * 6)
    for one in work.tries:
        if one.day is not None:
            days[one.day][2] += 1
            days[one.day][3] += one.late
        if one.graded is not None:
            days[one.graded][4] += 1
    return {(work.run, day): tuple(amounts) for day, amounts in days.items()}


def item_totals(work: Work) -> Mapping[Key, Amounts]:
    """Counts, and exact sums over what counts of each learner's own: the override, or the best
    graded attempt after its penalty; banked results apart.

    ``share_sum`` sums raw / possible, each rounded to 6 decimals, where something was possible.
    """
    best = _counts_of(work, banked=False)
    worth = score(*best) if best else None
    banked = (work.banked_raw, work.banked_possible)
    return {
        (work.run, work.item): (
            *_counts(work),
            int(best is not None),
            number(best[0]) if best else _NONE,
            number(best[1]) if best else _NONE,
            worth if worth is not None else _NONE,
            int(work.banked),
            int(banked[0] is not None),
            number(banked[0]) if banked[0] is not None else _NONE,
            number(banked[1]) if banked[0] is not None and banked[1] is not None else _NONE,
        )
    }


def item_scores(work: Work) -> Mapping[Key, Amounts]:
    """The tenth that the learner's score falls into, banked results among them."""
    best = _counts_of(work, banked=True)
    worth = share(*best) if best else None
    return {} if worth is None else {(work.run, work.item, decile(worth)): (1,)}


def _counts(work: Work) -> tuple[int, int, int]:
    tries = work.tries
    return (
        sum(1 for one in tries if one.day is not None),
        sum(1 for one in tries if one.late),
        sum(1 for one in tries if one.raw is not None),
    )


def _counts_of(work: Work, *, banked: bool) -> Score | None:
    """The score that counts."""
    candidates = [
        Candidate("attempt", one.attempt, Mark(one.raw, one.possible, one.deducted))
        for one in work.tries
        if one.raw is not None and one.possible is not None and not one.voided
    ]
    if banked and work.banked_raw is not None and work.banked_possible is not None:
        candidates.append(Candidate("banked", None, Mark(work.banked_raw, work.banked_possible)))
    override = None
    if work.override_raw is not None and work.override_possible is not None:
        override = Score(work.override_raw, work.override_possible)
    missing = None
    if work.missing_raw is not None and work.missing_possible is not None:
        missing = Score(work.missing_raw, work.missing_possible)
    counted = choose(candidates, override, missing)
    return None if counted is None else counted.score


ANALYTICS = Reading(
    name="analytics",
    version=2,
    documents=(
        Documents(
            name="learner",
            row=Learner,
            key=("run", "subject"),
            facts=names(LearnerEnrolled, LearnerWithdrawn, EnrolmentTransferred, OutcomeRecorded)
            | names(CoursePassed, CourseFailed)
            | names(CertificateIssued, CertificateReissued, CertificateRevoked),
            keys=enrolment_keys,
            fold=fold_learner,
        ),
        Documents(
            name="work",
            row=Work,
            key=("run", "subject", "item"),
            facts=names(SubmissionReceived, LatenessRedecided, SubmissionGraded, ResultTransferred)
            | names(AttemptVoided, AttemptRestored, PeerScoreFinalized)
            | names(LatePenaltyApplied, ScoreOverridden, OverrideRemoved)
            | names(MissingWorkScored, MissingWorkCleared),
            keys=item_keys,
            fold=fold_work,
        ),
    ),
    tallies=(
        Tally(
            name="run_totals",
            dimensions={"run": str},
            amounts=dict.fromkeys(RUN_TOTALS, int),
            measures={"learner": learner_totals, "work": work_totals},
        ),
        Tally(
            name="run_daily",
            dimensions={"run": str, "day": date},
            amounts=dict.fromkeys(RUN_DAILY, int),
            measures={"learner": learner_daily, "work": work_daily},
        ),
        Tally(
            name="item_totals",
            dimensions={"run": str, "item": str},
            amounts=ITEM_TOTALS,
            measures={"work": item_totals},
        ),
        Tally(
            name="item_scores",
            dimensions={"run": str, "item": str, "bucket": int},
            amounts={"learners": int},
            measures={"work": item_scores},
        ),
    ),
    views=tuple(
        View(name, tuple(f'"{one}"' for one in fields), f"{{{name}}}")
        for name, fields in (
            ("run_totals", ("run", *RUN_TOTALS)),
            ("run_daily", ("run", "day", *RUN_DAILY)),
            ("item_totals", ("run", "item", *ITEM_TOTALS)),
            ("item_scores", ("run", "item", "bucket", "learners")),
        )
    ),
)
