"""What is kept of one learner and one item, and which of the scores counts?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.grading.counting import Candidate, Counted, Mark, Score, choose
from projections.exact import score


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
    watched: int = 0
    viewed: int = 0
    done: int = 0


class ItemProgress(Struct, frozen=True, gc=False):
    """One learner and one item of a run.

    ``raw`` of ``possible`` is the score that counts: the override, else the best among attempts
    (each with its latest grade, less its penalty) and the banked result. ``score`` is its share,
    rounded to 6 decimals; ``graded_at``, ``counts`` (attempt, banked or override) and
    ``counts_attempt`` belong to it. It is told of an item that the learner is ``excused`` from,
    too, but does not go into any grade.
    ``submitted_at`` and ``late_seconds`` are the latest attempt's. ``covered`` are the milliseconds
    of video watched, as disjoint half-open intervals in order. ``done_at`` is when a fact said that
    it is complete; so it is, too, since work was first submitted. ``extension`` are the learner's
    own terms.
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
    done_at: datetime | None = None


def known_attempt(attempts: Iterable[Attempt], attempt: str) -> Attempt:
    return next((one for one in attempts if one.attempt == attempt), Attempt(attempt))


def mended(old: ItemProgress, position: int, attempt: str, **fields: Any) -> ItemProgress:
    """Change one attempt; one that is not known stays so."""
    attempts = tuple(
        replace(one, **fields) if one.attempt == attempt else one for one in old.attempts_detail
    )
    return with_attempts(replace(old, position=position), attempts)


def with_attempt(old: ItemProgress, attempt: str, **fields: Any) -> ItemProgress:
    """Change one attempt; one that is not known begins."""
    detail = old.attempts_detail
    if all(one.attempt != attempt for one in detail):
        detail = (*detail, Attempt(attempt, position=old.position))
    return with_attempts(
        old, tuple(replace(one, **fields) if one.attempt == attempt else one for one in detail)
    )


def with_attempts(old: ItemProgress, attempts: tuple[Attempt, ...]) -> ItemProgress:
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
    submitted_at = first.submitted_at if first else None
    return replace(
        old,
        attempts_detail=attempts,
        attempts=len(made),
        completed_at=min(filter(None, (old.done_at, submitted_at)), default=None),
        submitted_at=latest.submitted_at if latest else None,
        first_submitted_at=submitted_at,
        late_seconds=latest.late_seconds if latest else None,
        score=None if raw is None or possible is None else score(raw, possible),
        raw=raw,
        possible=possible,
        graded_at=None if counted is None else _scored_at(old, attempts, counted),
        counts=None if counted is None else counted.basis,
        counts_attempt=None if counted is None else counted.attempt,
    )


def _scored_at(old: ItemProgress, attempts: Iterable[Attempt], counted: Counted) -> datetime | None:
    """Return since when the score that counts has stood."""
    match counted.basis:
        case "attempt":
            return known_attempt(attempts, counted.attempt or "").graded_at
        case "banked":
            return old.banked_at
        case "override":
            return old.overridden_at
        case "missing":
            return old.missing_at


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
    if since.watched < position:
        item = replace(item, covered=(), covered_ms=0)
    if since.viewed < position:
        item = replace(item, viewed_at=None)
    if since.done < position:
        item = replace(item, done_at=None)
    attempts = tuple(one for one in item.attempts_detail if one.position >= position)
    return with_attempts(item, attempts)


def without_override(item: ItemProgress) -> ItemProgress:
    """Return the item as it would be if no person had set its score."""
    computed = replace(item, override_raw=None, override_possible=None, overridden_at=None)
    return with_attempts(computed, item.attempts_detail)


def _candidates(old: ItemProgress, attempts: Iterable[Attempt]) -> Iterable[Candidate]:
    """Every score that might count, in the order of decisions."""
    for one in attempts:
        if one.raw is not None and one.possible is not None and not one.voided:
            yield Candidate("attempt", one.attempt, Mark(one.raw, one.possible, one.deducted))
    if old.banked_raw is not None and old.banked_possible is not None:
        yield Candidate("banked", None, Mark(old.banked_raw, old.banked_possible))
