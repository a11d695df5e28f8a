"""What would a gradebook that was changed in a spreadsheet change? (Nothing is written.)"""

from __future__ import annotations

from domain.access import Principal
from read_api.answers import Answer, AsOf, earliest
from read_api.dependencies import ReadDependencies
from read_api.queries.grade_cells import ChangedGrade, Comparing, GradeChange, RefusedCell
from read_api.queries.grade_lines import lines_of
from read_api.queries.gradebook import read_book, rows_of


class GradeChanges(Answer, frozen=True, kw_only=True):
    """What a changed gradebook would change, cell by cell, and whose grade; nothing is written.
    ``unchanged`` counts the cells that say what stands already."""

    run: str
    changes: list[GradeChange]
    refused: list[RefusedCell]
    grades: list[ChangedGrade]
    unchanged: int


async def preview(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    content: bytes,
    *,
    min_position: int = 0,
) -> GradeChanges:
    """Return what a gradebook as CSV would change.

    The form is that of the gradebook's own CSV: a column ``subject``, and for each item one that
    begins with its id; others are left out. An empty cell changes nothing, ``EX`` excuses, ``AUTO``
    lets what was computed count again, and a score (``7.5``, or ``3/4`` on another scale) overrides
    what counts. Raises NotFound, and BadParameter for what is no such table.
    """
    lines = list(lines_of(content))
    async with deps.snapshot(
        asking.tenant, "progress", "catalogue", min_position=min_position
    ) as snapshot:
        book = await read_book(deps, snapshot, run)
        known = await snapshot.rows(
            "select * from views.enrolments where run = %(run)s and subject = any(%(subjects)s)",
            run=run,
            subjects=[subject for _, subject, _ in lines],
        )
        rows = await rows_of(snapshot, run, known)
    comparing = Comparing(book, {row["subject"]: rows.get(row["subject"], ()) for row in known})
    for line, subject, values in lines:
        comparing.take(line, subject, values)
    return GradeChanges(
        run=run,
        changes=comparing.changes,
        refused=comparing.refused,
        grades=list(comparing.grades()),
        unchanged=comparing.unchanged,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(run,), catalogue=(run,)),
    )
