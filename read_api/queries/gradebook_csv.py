"""How is a gradebook written for a spreadsheet?"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

from domain.access import Principal
from read_api.dependencies import ReadDependencies
from read_api.queries.gradebook import Cell, Column, Gradebook, gradebook

CSV_ROWS_A_PAGE = 500
NAMES_BEFORE, NAMES_AFTER = ("subject", "status"), ("percent", "letter", "so far", "outcome")
"""Of the columns that stand around those of the items."""
EXCUSED = "EX"
"""What stands in a cell of an item that the learner is excused from [Canvas]."""


async def as_csv(
    deps: ReadDependencies, asking: Principal, run: str, min_position: int = 0
) -> AsyncIterator[str]:
    """Yield a run's gradebook as CSV (RFC 4180), one page after the other.

    A cell holds the score, with its scale where that is not the column's, ``EX`` where the learner
    is excused, nothing where nothing is. Raises NotFound before the first part.
    """
    after, first = None, True
    while first or after is not None:
        page = await gradebook(
            deps, asking, run, limit=CSV_ROWS_A_PAGE, after=after, min_position=min_position
        )
        yield _csv_of(page, header=first)
        after, first = page.next, False


def _csv_of(page: Gradebook, *, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        names = [f"{column.item} (of {column.possible})" for column in page.columns]
        writer.writerow([*NAMES_BEFORE, *names, *NAMES_AFTER])
    for line in page.learners:
        cells = {cell.item: cell for cell in line.cells}
        writer.writerow(
            [
                line.subject,
                line.status,
                *(_written(cells.get(column.item), column) for column in page.columns),
                *(_blank(value) for value in (line.percent, line.letter, line.so_far_percent)),
                _blank(line.outcome),
            ]
        )
    return text.getvalue()


def _written(cell: Cell | None, column: Column) -> str:
    if cell is None:
        return ""
    if cell.excused:
        return EXCUSED
    if cell.raw is None or cell.possible is None:
        return ""
    if Fraction(cell.possible) == Fraction(column.possible):
        return cell.raw
    return f"{cell.raw}/{cell.possible}"


def _blank(value: Any) -> str:
    """Write a value; a text that a spreadsheet would take for a formula is marked as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in "=+-@" and text else text
