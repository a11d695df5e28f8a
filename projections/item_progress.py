"""How far is each learner in each item of a run, and which of their scores counts?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

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
from projections.exact import share
from projections.item_row import (
    Extension,
    ItemProgress,
    known_attempt,
    mended,
    with_attempt,
    with_attempts,
)
from projections.reading import Amounts, Documents, Key, names


def fold_item(document: ItemProgress | None, envelope: Envelope, key: Key) -> ItemProgress:
    """Take one fact about an item in."""
    old = document or ItemProgress(*key)
    at, position = envelope.occurred_at, envelope.position
    match envelope.fact:
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
                since=replace(old.since, watched=position),
            )
        case ItemViewed():  # told once, and once more where they have begun the run afresh
            said = replace(old.since, viewed=position)
            return replace(old, viewed_at=at, position=position, since=said)
        case ItemCompleted():
            said = replace(old.since, done=position)
            done = replace(old, done_at=at, position=position, since=said)
            return with_attempts(done, old.attempts_detail)
        case SubmissionReceived(number=number) as fact:
            known = known_attempt(old.attempts_detail, fact.attempt)
            if number == 1 and known.started_at is None:  # they may have begun the run afresh
                old = replace(old, attempts_detail=())
            return with_attempt(
                replace(old, position=position),
                fact.attempt,
                number=number,
                submitted_at=min(at, known.deadline or at) if known.expired else at,
                due=fact.due,
                late_seconds=fact.late_seconds,
                content_version=fact.content_version,
            )
        case (
            SubmissionGraded(attempt=attempt, raw=raw, possible=possible)
            | PeerScoreFinalized(attempt=attempt, raw=raw, possible=possible)
        ):
            share(raw, possible)  # a score that is no number is put aside here, not later
            return with_attempt(
                replace(old, position=position),
                attempt,
                raw=raw,
                possible=possible,
                graded_at=at,
                failed=False,
                deducted="0",
                penalty_policy=None,
            )
        case AttemptStarted(number=number, attempt=attempt) as fact:
            if number == 1:
                old = replace(old, attempts_detail=())
            return with_attempt(
                replace(old, position=position),
                attempt,
                number=number,
                content_version=fact.content_version,
                started_at=at,
                deadline=fact.deadline,
            )
        case AttemptDeadlineMoved(attempt=attempt, deadline=deadline):
            return mended(old, position, attempt, deadline=deadline)
        case AttemptExpired(attempt=attempt):
            return mended(old, position, attempt, expired=True)
        case AttemptAbandoned(attempt=attempt):
            return mended(old, position, attempt, ended_at=at)
        case GraderFailed(attempt=attempt):
            return mended(old, position, attempt, failed=True)
        case LatenessRedecided(attempt=attempt, due=due, late_seconds=late):
            return mended(old, position, attempt, due=due, late_seconds=late)
        case AttemptVoided(attempt=attempt):
            return with_attempt(replace(old, position=position), attempt, voided=True)
        case AttemptRestored(attempt=attempt):
            return with_attempt(replace(old, position=position), attempt, voided=False)
        case ExtensionGranted(due=due, no_due=no_due, attempts=extra, time_factor=factor):
            terms = Extension(due, no_due, extra, factor)
            said = replace(old.since, extension=position)
            return replace(old, extension=terms, position=position, since=said)
        case ExtensionWithdrawn():
            return replace(old, extension=None, position=position)
        case LatePenaltyApplied(attempt=attempt, raw=raw, possible=possible, deducted=deducted):
            share(raw, possible), share(deducted, possible)
            return with_attempt(
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
            return with_attempts(new, old.attempts_detail)
        case OverrideRemoved():
            new = replace(
                old,
                override_raw=None,
                override_possible=None,
                overridden_at=None,
                position=position,
            )
            return with_attempts(new, old.attempts_detail)
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
            return with_attempts(new, old.attempts_detail)
        case MissingWorkCleared():
            new = replace(
                old, missing_raw=None, missing_possible=None, missing_at=None, position=position
            )
            return with_attempts(new, old.attempts_detail)
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
            return with_attempts(new, old.attempts_detail)
        case _:
            return old


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
