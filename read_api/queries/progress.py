"""How far is a learner in a run?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

import msgspec

from domain.access import Principal
from domain.assessment.dates import EffectiveDue
from domain.catalogue.facts import SUBMITTABLE
from read_api.answers import NOW, Answer, Moment
from read_api.dependencies import ReadDependencies
from read_api.queries.catalogue import Item
from read_api.queries.dates import Extension, Terms
from read_api.queries.modules import ModuleProgress, Part, modules_of
from read_api.queries.standing import Row, Stand, read_stand


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at an item. ``raw`` of ``possible`` are exact decimal
    texts; ``number`` is 0 where only its grade is known. ``deducted`` points are lost for being
    late, judged by the run's grading policy ``penalty_policy``. ``voided``: an upheld violation
    lets it count for nothing.

    It is under way while it was neither handed in nor abandoned (``ended_at``); ``expired``: its
    time was up; ``failed``: its grader failed, and it uses up no attempt."""

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


class ItemProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One item and what the learner did with it.

    ``due`` is when it is due for this learner, ``due_basis`` what that rests on: the ``item``'s own
    date, one ``relative`` to the enrolment's start, an override of the ``run`` or of a ``cohort``
    (``due_cohort``), or the ``learner``'s own extension. ``attempts_left`` None: unlimited, or the
    item is not in the content.

    ``done``: completed, handed in, or viewed, as the kind of item asks. ``raw`` of ``possible``,
    ``score_percent`` of it, is the score that counts, after any penalty: ``counts`` says whether it
    is a person's override, that of missing work, the best attempt's (``counts_attempt``, which lost
    ``deducted`` points for being late; None: nothing) or banked.
    ``coverage_percent`` is the share of a video's unique milliseconds. An item with results that is
    not in the run's current content has ``current`` False.
    """

    item: str
    kind: str | None
    title: str | None
    module: str | None
    category: str | None
    weight: str | None
    due: datetime | None
    due_basis: str | None
    due_cohort: str | None
    extension: Extension | None
    current: bool
    done: bool
    attempts: int
    attempts_left: int | None
    under_way: Attempt | None
    submitted_at: datetime | None
    late_seconds: int | None
    raw: str | None
    possible: str | None
    score_percent: float | None
    graded_at: datetime | None
    banked: bool
    counts: str | None
    counts_attempt: str | None
    deducted: str | None
    overridden_at: datetime | None
    excused_at: datetime | None
    covered: list[tuple[int, int]]
    covered_ms: int
    coverage_percent: float | None
    viewed_at: datetime | None
    completed_at: datetime | None
    attempts_detail: list[Attempt]


class Progress(Answer, frozen=True, kw_only=True):
    """A learner's progress in a run. ``completion_percent`` is the done share of the items in the
    run's current content; None where the content is not known."""

    run: str
    subject: str
    status: str
    items_done: int
    items_total: int
    completion_percent: float | None
    submissions: int
    late: int
    graded: int
    banked: int
    watched_ms: int
    items: list[ItemProgress]
    modules: list[ModuleProgress]


async def progress(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Progress:
    """Return a learner's progress in a run. Raises NotFound."""
    stand = await read_stand(deps, asking, run, subject, moment, min_position)
    return progressed(run, subject, stand)


def progressed(run: str, subject: str, stand: Stand) -> Progress:
    """Work the progress out; the only place that does."""
    enrolment = stand.enrolment
    items = list(_items(stand.items, stand.rows, stand.terms))
    done = sum(one.done for one in items if one.current)
    return Progress(
        run=run,
        subject=subject,
        status=enrolment["status"],
        items_done=done,
        items_total=len(stand.items),
        completion_percent=percent(done, len(stand.items)),
        submissions=enrolment["submissions"],
        late=enrolment["late"],
        graded=enrolment["graded"],
        banked=enrolment["banked"],
        watched_ms=enrolment["watched_ms"],
        items=items,
        modules=modules_of(stand.terms.content, stand.terms.enrolment, _parts(stand.items, items)),
        as_of=stand.as_of,
        incomplete=stand.incomplete,
    )


def _parts(content: Sequence[Item], items: Iterable[ItemProgress]) -> Iterable[Part]:
    worth = {item.item: Fraction(item.possible) for item in content if item.kind in SUBMITTABLE}
    for item in items:
        if item.current and item.excused_at is None:
            whole = Fraction(item.possible or 0)
            share = Fraction(item.raw or 0) / whole if whole else Fraction(0)
            yield Part(item.module or "", item.done, worth.get(item.item), share)


def percent(part: Fraction | int, whole: Fraction | int) -> float | None:
    """Return a share in per cent to two decimals, for people to look at; None of nothing."""
    return float(round(100 * Fraction(part) / Fraction(whole), 2)) if whole else None


def _items(items: Sequence[Item], rows: Sequence[Row], terms: Terms) -> Iterable[ItemProgress]:
    by_item = {row["item"]: row for row in rows}
    for item in items:
        left = terms.attempts_left(item)
        yield _one(item.item, item, by_item.pop(item.item, {}), terms.due(item), left)
    for name, row in sorted(by_item.items()):
        yield _one(name, None, row, None, None)


def _one(
    name: str, item: Item | None, row: Row, due: EffectiveDue | None, left: int | None
) -> ItemProgress:
    attempts, banked = row.get("attempts") or 0, bool(row.get("banked"))
    raw, possible = row.get("raw"), row.get("possible")
    viewed, completed = row.get("viewed_at"), row.get("completed_at")
    detail = attempts_of(row)
    kind = item.kind if item else None
    if kind in SUBMITTABLE:
        done = attempts > 0 or banked or completed is not None
    else:
        done = completed is not None or (kind != "video" and viewed is not None)
    covered_ms, length = row.get("covered_ms") or 0, item.duration_ms if item else None
    return ItemProgress(
        item=name,
        kind=kind,
        title=item.title if item else None,
        module=item.module if item else None,
        category=item.category if item else None,
        weight=item.weight if item else None,
        due=due.at if due else None,
        due_basis=due.basis if due else None,
        due_cohort=due.cohort if due else None,
        extension=msgspec.convert(row.get("extension"), Extension | None),
        current=item is not None,
        done=done,
        attempts=attempts,
        attempts_left=left,
        under_way=next(
            (a for a in detail if a.started_at and not a.submitted_at and not a.ended_at), None
        ),
        submitted_at=row.get("submitted_at"),
        late_seconds=row.get("late_seconds"),
        raw=raw,
        possible=possible,
        score_percent=None
        if raw is None or possible is None
        else percent(Fraction(raw), Fraction(possible)),
        graded_at=row.get("graded_at"),
        banked=banked,
        counts=row.get("counts"),
        counts_attempt=row.get("counts_attempt"),
        deducted=deducted_of(row),
        overridden_at=row.get("overridden_at"),
        excused_at=row.get("excused_at"),
        covered=[(start, end) for start, end in row.get("covered") or ()],
        covered_ms=covered_ms,
        coverage_percent=percent(min(covered_ms, length), length) if length else None,
        viewed_at=viewed,
        completed_at=completed,
        attempts_detail=detail,
    )


def deducted_of(row: Row) -> str | None:
    """Return what the attempt that counts lost for being late."""
    chosen = row.get("counts_attempt")
    own = (one.deducted for one in attempts_of(row) if one.attempt == chosen)
    lost = next(own, "0")
    return None if lost == "0" else lost


def attempts_of(row: Row) -> list[Attempt]:
    """Return the attempts that a row of progress tells of."""
    return msgspec.convert(row.get("attempts_detail") or [], list[Attempt])
