"""How far is each learner in each item of a run, and which of their scores counts?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

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
from domain.engagement.coverage import with_interval
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
from domain.grading.counting import Candidate, Mark, Score, choose
from domain.grading.facts import (
    ExcuseWithdrawn,
    ItemExcused,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OverrideRemoved,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.integrity.facts import AttemptRestored, AttemptVoided
from domain.kernel import Envelope
from domain.peer_review.facts import PeerScoreFinalized
from projections.exact import score, share
from projections.reading import Amounts, Documents, Key, names


class Extension(Struct, frozen=True, gc=False, omit_defaults=True):
    """The learner's own terms for an item, as ``ExtensionGranted`` has them."""

    due: datetime | None = None
    no_due: bool = False
    attempts: int = 0
    time_factor: str = "1"


class Attempt(Struct, frozen=True, gc=False, omit_defaults=True):
    """One attempt at an item. ``number`` is 0 where only its grade is known.

    ``deducted`` of the ``raw`` points are lost for being late, judged by the run's grading policy
    ``penalty_policy``. ``voided``: it counts for nothing. It is under way while it is neither
    ``submitted_at`` nor ``ended_at``; ``expired``: its time was up; ``failed``: its grader failed,
    and it uses up no attempt.
    """

    attempt: str
    number: int = 0
    submitted_at: datetime | None = None
    due: datetime | None = None
    late_seconds: int = 0
    raw: str | None = None
    possible: str | None = None
    graded_at: datetime | None = None
    deducted: str = "0"
    penalty_policy: int | None = None
    voided: bool = False
    content_version: int = 0
    started_at: datetime | None = None
    deadline: datetime | None = None
    ended_at: datetime | None = None
    expired: bool = False
    failed: bool = False
    position: int = 0


class Since(Struct, frozen=True, gc=False, omit_defaults=True):
    """The positions of the facts that say what stands beside attempts; 0: nothing does."""

    banked: int = 0
    overridden: int = 0
    missing: int = 0
    excused: int = 0
    extension: int = 0


class ItemProgress(Struct, frozen=True, gc=False):
    """One learner and one item of a run.

    ``raw`` of ``possible`` is the score that counts: the override, else the best among attempts
    (each with its latest grade, less its penalty) and the banked result. ``score`` is its share,
    rounded to 6 decimals; ``graded_at``, ``counts`` (attempt, banked or override) and
    ``counts_attempt`` belong to it. It is told of an item that the learner is ``excused`` from,
    too, but does not go into any grade.
    ``submitted_at`` and ``late_seconds`` are the latest attempt's. ``covered`` are the milliseconds
    of video watched, as disjoint half-open intervals in order. ``extension`` are the learner's own
    terms.
    """

    run: str
    subject: str
    item: str
    attempts: int = 0
    submitted_at: datetime | None = None
    first_submitted_at: datetime | None = None
    late_seconds: int | None = None
    score: Decimal | None = None
    raw: str | None = None
    possible: str | None = None
    graded_at: datetime | None = None
    banked: bool = False
    banked_raw: str | None = None
    banked_possible: str | None = None
    banked_from: str | None = None
    banked_at: datetime | None = None
    covered: tuple[tuple[int, int], ...] = ()
    covered_ms: int = 0
    completed_at: datetime | None = None
    viewed_at: datetime | None = None
    attempts_detail: tuple[Attempt, ...] = ()
    term: int = 0
    position: int = 0
    counts: str | None = None
    counts_attempt: str | None = None
    override_raw: str | None = None
    override_possible: str | None = None
    overridden_at: datetime | None = None
    missing_raw: str | None = None
    missing_possible: str | None = None
    missing_at: datetime | None = None
    excused_at: datetime | None = None
    extension: Extension | None = None
    since: Since = Since()


def fold_item(document: ItemProgress | None, envelope: Envelope, key: Key) -> ItemProgress:
    """Take one fact about an item in."""
    old = document or ItemProgress(*key)
    at, position = envelope.occurred_at, envelope.position
    match envelope.fact:
        case SubmissionReceived(number=number) as fact:
            known = _known(old.attempts_detail, fact.attempt)
            if number == 1 and known.started_at is None:  # they may have begun the run afresh
                old = replace(old, attempts_detail=())
            return _with_attempt(
                replace(old, position=position),
                fact.attempt,
                number=number,
                submitted_at=min(at, known.deadline or at) if known.expired else at,
                due=fact.due,
                late_seconds=fact.late_seconds,
                content_version=fact.content_version,
            )
        case AttemptStarted(number=number, attempt=attempt) as fact:
            if number == 1:
                old = replace(old, attempts_detail=())
            return _with_attempt(
                replace(old, position=position),
                attempt,
                number=number,
                content_version=fact.content_version,
                started_at=at,
                deadline=fact.deadline,
            )
        case AttemptDeadlineMoved(attempt=attempt, deadline=deadline):
            return _mended(old, position, attempt, deadline=deadline)
        case AttemptExpired(attempt=attempt):
            return _mended(old, position, attempt, expired=True)
        case AttemptAbandoned(attempt=attempt):
            return _mended(old, position, attempt, ended_at=at)
        case GraderFailed(attempt=attempt):
            return _mended(old, position, attempt, failed=True)
        case (
            SubmissionGraded(attempt=attempt, raw=raw, possible=possible)
            | PeerScoreFinalized(attempt=attempt, raw=raw, possible=possible)
        ):
            share(raw, possible)  # a score that is no number is put aside here, not later
            return _with_attempt(
                replace(old, position=position),
                attempt,
                raw=raw,
                possible=possible,
                graded_at=at,
                failed=False,
                deducted="0",
                penalty_policy=None,
            )
        case LatenessRedecided(attempt=attempt, due=due, late_seconds=late):
            return _mended(old, position, attempt, due=due, late_seconds=late)
        case AttemptVoided(attempt=attempt):
            return _with_attempt(replace(old, position=position), attempt, voided=True)
        case AttemptRestored(attempt=attempt):
            return _with_attempt(replace(old, position=position), attempt, voided=False)
        case ExtensionGranted(due=due, no_due=no_due, attempts=extra, time_factor=factor):
            terms = Extension(due, no_due, extra, factor)
            said = replace(old.since, extension=position)
            return replace(old, extension=terms, position=position, since=said)
        case ExtensionWithdrawn():
            return replace(old, extension=None, position=position)
        case LatePenaltyApplied(attempt=attempt, raw=raw, possible=possible, deducted=deducted):
            share(raw, possible), share(deducted, possible)
            return _with_attempt(
                replace(old, position=position),
                attempt,
                raw=raw,
                possible=possible,
                deducted=deducted,
                penalty_policy=envelope.fact.policy_number,
            )
        case ScoreOverridden(new=new_raw, possible=possible):
            share(new_raw, possible)
            new = replace(
                old,
                override_raw=new_raw,
                override_possible=possible,
                overridden_at=at,
                position=position,
                since=replace(old.since, overridden=position),
            )
            return _with_attempts(new, old.attempts_detail)
        case OverrideRemoved():
            new = replace(
                old,
                override_raw=None,
                override_possible=None,
                overridden_at=None,
                position=position,
            )
            return _with_attempts(new, old.attempts_detail)
        case MissingWorkScored(raw=raw, possible=possible):
            share(raw, possible)
            new = replace(
                old,
                missing_raw=raw,
                missing_possible=possible,
                missing_at=at,
                position=position,
                since=replace(old.since, missing=position),
            )
            return _with_attempts(new, old.attempts_detail)
        case MissingWorkCleared():
            new = replace(
                old, missing_raw=None, missing_possible=None, missing_at=None, position=position
            )
            return _with_attempts(new, old.attempts_detail)
        case ItemExcused():
            said = replace(old.since, excused=position)
            return replace(old, excused_at=old.excused_at or at, position=position, since=said)
        case ExcuseWithdrawn():
            return replace(old, excused_at=None, position=position)
        case ResultTransferred(raw=raw, possible=possible, from_run=from_run):
            if raw is not None:
                share(raw, possible)
            new = replace(
                old,
                banked=True,
                banked_raw=raw,
                banked_possible=possible,
                banked_from=from_run,
                banked_at=at,
                position=position,
                since=replace(old.since, banked=position),
            )
            return _with_attempts(new, old.attempts_detail)
        case VideoWatched(start_ms=start, end_ms=end, term=term):
            if term < old.term:
                return old
            covered = with_interval(old.covered if term == old.term else (), start, end)
            return replace(
                old,
                covered=covered,
                covered_ms=sum(b - a for a, b in covered),
                term=term,
                position=position,
            )
        case ItemViewed():
            return replace(old, viewed_at=old.viewed_at or at, position=position)
        case ItemCompleted():
            return replace(old, completed_at=old.completed_at or at, position=position)
        case _:
            return old


def _known(attempts: Iterable[Attempt], attempt: str) -> Attempt:
    return next((one for one in attempts if one.attempt == attempt), Attempt(attempt))


def _mended(old: ItemProgress, position: int, attempt: str, **fields: Any) -> ItemProgress:
    """Change one attempt; one that is not known stays so."""
    mended = tuple(
        replace(one, **fields) if one.attempt == attempt else one for one in old.attempts_detail
    )
    return _with_attempts(replace(old, position=position), mended)


def _with_attempt(old: ItemProgress, attempt: str, **fields: Any) -> ItemProgress:
    """Change one attempt; one that is not known begins."""
    detail = old.attempts_detail
    if all(one.attempt != attempt for one in detail):
        detail = (*detail, Attempt(attempt, position=old.position))
    return _with_attempts(
        old, tuple(replace(one, **fields) if one.attempt == attempt else one for one in detail)
    )


def _with_attempts(old: ItemProgress, attempts: tuple[Attempt, ...]) -> ItemProgress:
    """Work out what rests on the attempts, the banked result and the override."""
    made = [a for a in attempts if a.submitted_at is not None]
    first, latest = (made[0], made[-1]) if made else (None, None)
    override = None
    if old.override_raw is not None and old.override_possible is not None:
        override = Score(old.override_raw, old.override_possible)
    missing = None
    if old.missing_raw is not None and old.missing_possible is not None:
        missing = Score(old.missing_raw, old.missing_possible)
    counted = choose(_candidates(old, attempts), override, missing)
    raw, possible = counted.score if counted is not None else (None, None)
    graded_at = {one.attempt: one.graded_at for one in attempts}
    submitted_at = first.submitted_at if first else None
    return replace(
        old,
        attempts_detail=attempts,
        attempts=len(made),
        completed_at=old.completed_at or submitted_at,
        submitted_at=latest.submitted_at if latest else None,
        first_submitted_at=submitted_at,
        late_seconds=latest.late_seconds if latest else None,
        score=None if raw is None or possible is None else score(raw, possible),
        raw=raw,
        possible=possible,
        graded_at=None
        if counted is None
        else {
            "override": old.overridden_at,
            "banked": old.banked_at,
            "missing": old.missing_at,
        }.get(counted.basis, graded_at.get(counted.attempt or "")),
        counts=None if counted is None else counted.basis,
        counts_attempt=None if counted is None else counted.attempt,
    )


def begun_at(item: ItemProgress, position: int) -> ItemProgress:
    """Return the item as it is for a learner who began the run from nothing at a position: what was
    said before counts no more."""
    since = item.since
    if since.banked < position:
        item = replace(item, banked=False, banked_raw=None, banked_possible=None)
        item = replace(item, banked_from=None, banked_at=None)
    if since.overridden < position:
        item = replace(item, override_raw=None, override_possible=None, overridden_at=None)
    if since.missing < position:
        item = replace(item, missing_raw=None, missing_possible=None, missing_at=None)
    if since.excused < position:
        item = replace(item, excused_at=None)
    if since.extension < position:
        item = replace(item, extension=None)
    attempts = tuple(one for one in item.attempts_detail if one.position >= position)
    return _with_attempts(item, attempts)


def without_override(item: ItemProgress) -> ItemProgress:
    """Return the item as it would be if no person had set its score."""
    computed = replace(item, override_raw=None, override_possible=None, overridden_at=None)
    return _with_attempts(computed, item.attempts_detail)


def _candidates(old: ItemProgress, attempts: Iterable[Attempt]) -> Iterable[Candidate]:
    """Every score that might count, in the order of decisions."""
    for one in attempts:
        if one.raw is not None and one.possible is not None and not one.voided:
            yield Candidate("attempt", one.attempt, Mark(one.raw, one.possible, one.deducted))
    if old.banked_raw is not None and old.banked_possible is not None:
        yield Candidate("banked", None, Mark(old.banked_raw, old.banked_possible))


def measure_item(item: ItemProgress) -> Mapping[Key, Amounts]:
    """What one item adds to the sums of its enrolment."""
    graded = late = 0
    for one in item.attempts_detail:
        graded += one.raw is not None
        late += one.late_seconds > 0
    return {
        (item.run, item.subject): (
            item.attempts,
            graded,
            late,
            int(item.banked),
            int(item.viewed_at is not None),
            int(item.completed_at is not None),
            item.covered_ms,
        )
    }


def enrolment_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and subject, from the name of the stream."""
    return (_run_and_subject(envelope.stream),)


def item_keys(envelope: Envelope) -> Iterable[Key]:
    """Run, subject and item."""
    return ((*_run_and_subject(envelope.stream), envelope.fact.item),)  # type: ignore[attr-defined]


@lru_cache(maxsize=65_536)
def _run_and_subject(stream: str) -> tuple[str, str]:
    _, _, run, subject = stream.split("/")
    return run, subject


OF_ITEMS = names(
    AttemptStarted,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptAbandoned,
    GraderFailed,
    WorkSaved,
    SubmissionReceived,
    LatenessRedecided,
    ExtensionGranted,
    ExtensionWithdrawn,
    SubmissionGraded,
    PeerScoreFinalized,
    LatePenaltyApplied,
    MissingWorkScored,
    MissingWorkCleared,
    ResultTransferred,
    ItemViewed,
    ScoreOverridden,
    OverrideRemoved,
    ItemExcused,
    ExcuseWithdrawn,
    AttemptVoided,
    AttemptRestored,
)

_OF_VIDEOS = names(VideoWatched, ItemCompleted)

ITEM_PROGRESS = Documents(
    name="item_progress",
    row=ItemProgress,
    key=("run", "subject", "item"),
    facts=OF_ITEMS | _OF_VIDEOS,
    keys=item_keys,
    fold=fold_item,
    indexes=("(subject)", "(run, item)"),
)
