"""Which scores and grades has everybody in a run?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.access import Principal
from domain.catalogue import facts as catalogue
from domain.catalogue.facts import SUBMITTABLE, GradingPolicy
from domain.grading.explain import Grade
from read_api import cursors
from read_api.answers import Answer, AsOf, earliest
from read_api.dependencies import ReadDependencies
from read_api.ports.views import Snapshot
from read_api.queries.catalogue import read_run
from read_api.queries.grade import compute
from read_api.queries.progress import deducted_of
from read_api.queries.standing import Row, since_beginning


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """An item that takes work: ``possible`` is the highest score there can be."""

    item: str
    title: str
    category: str | None
    possible: str
    due: datetime | None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's score on an item, ``raw`` of ``possible`` after any penalty, and what it rests on
    (``counts``: attempt, banked, missing or override). ``late_seconds`` is the latest attempt's;
    ``deducted`` is what the attempt that counts lost."""

    item: str
    raw: str | None
    possible: str | None
    counts: str | None
    attempts: int
    late_seconds: int | None
    deducted: str | None
    excused: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's scores, and the grade that they give now: what is not graded counts zero, while
    ``so_far_percent`` leaves it out, for a policy that tells it. ``official_percent`` is the last
    grade that was computed as a fact, ``outcome`` how the run ended. Cells are in the order of the
    columns, without those where nothing is."""

    subject: str
    status: str
    percent: int | None
    letter: str | None
    so_far_percent: int | None
    official_percent: int | None
    outcome: str | None
    cells: list[Cell]


class Gradebook(Answer, frozen=True, kw_only=True):
    """The scores and grades of a run's learners, by subject, in parts: ``next`` leads on."""

    run: str
    policy_number: int
    columns: list[Column]
    learners: list[Line]
    next: str | None


class Book(NamedTuple):
    """What the lines of a gradebook are worked out from."""

    run: str
    policy: GradingPolicy | None
    policy_number: int
    items: Sequence[catalogue.Item]
    columns: Sequence[Column]

    def grade(self, rows: Sequence[Row]) -> Grade | None:
        """Return the grade that a learner's rows give; None: the run has no policy."""
        if self.policy is None:
            return None
        return compute(self.policy, self.policy_number, self.items, rows)


async def gradebook(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Gradebook:
    """Return a part of a run's gradebook; ``after`` is a cursor. Raises NotFound, BadParameter."""
    begin = "" if after is None else cursors.decode(after, "gradebook", (str, str))[1]
    async with deps.snapshot(
        asking.tenant, "progress", "catalogue", min_position=min_position
    ) as snapshot:
        book = await read_book(deps, snapshot, run)
        found = await snapshot.rows(
            """select * from views.enrolments where run = %(run)s and subject > %(begin)s
               order by subject limit %(limit)s""",
            run=run,
            begin=begin,
            limit=limit + 1,
        )
        page, last = cursors.cut(found, limit)
        rows = await rows_of(snapshot, run, page)
    return Gradebook(
        run=run,
        policy_number=book.policy_number,
        columns=list(book.columns),
        learners=[line_of(book, one, rows.get(one["subject"], ())) for one in page],
        next=cursors.encode("gradebook", ("", last["subject"])) if last else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(run,), catalogue=(run,)),
    )


async def read_book(deps: ReadDependencies, snapshot: Snapshot, run: str) -> Book:
    """Read what a run's lines are worked out from. Raises NotFound."""
    known = await read_run(deps, snapshot, run)
    items = [catalogue.Item(**msgspec.structs.asdict(item)) for item in known.items]
    return Book(
        run,
        known.policy,
        known.policy_number,
        items,
        [
            Column(
                item=item.item,
                title=item.title,
                category=item.category,
                possible=item.possible,
                due=item.due,
            )
            for item in items
            if item.kind in SUBMITTABLE
        ],
    )


async def rows_of(
    snapshot: Snapshot, run: str, enrolments: Iterable[Row]
) -> Mapping[str, Sequence[Row]]:
    """Return what is known of these learners' items, by subject."""
    by_subject = {row["subject"]: row for row in enrolments}
    found = await snapshot.rows(
        "select * from views.item_progress where run = %(run)s and subject = any(%(subjects)s)",
        run=run,
        subjects=list(by_subject),
    )
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        rows[row["subject"]].append(row)
    return {subject: since_beginning(by_subject[subject], own) for subject, own in rows.items()}


def line_of(book: Book, enrolment: Row, rows: Sequence[Row]) -> Line:
    """Work a learner's line out."""
    computed = book.grade(rows)
    current = None if computed is None else computed.current
    by_item = {row["item"]: row for row in rows}
    return Line(
        subject=enrolment["subject"],
        status=enrolment["status"],
        percent=None if computed is None else computed.percent,
        letter=None if computed is None else computed.letter,
        so_far_percent=None if current is None else current.percent,
        official_percent=enrolment["percent"],
        outcome=enrolment["outcome"],
        cells=[_cell(by_item[column.item]) for column in book.columns if column.item in by_item],
    )


def _cell(row: Row) -> Cell:
    return Cell(
        item=row["item"],
        raw=row["raw"],
        possible=row["possible"],
        counts=row["counts"],
        attempts=row["attempts"],
        late_seconds=row["late_seconds"],
        deducted=deducted_of(row),
        excused=row["excused_at"] is not None,
    )
