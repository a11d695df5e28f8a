"""What would each cell of a changed gradebook change?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from domain.grading.counting import Score
from domain.grading.rules import ScoreOutOfRange, require_score
from projections.item_row import ItemProgress, without_override
from read_api.errors import BadParameter
from read_api.queries.gradebook import Book, Column
from read_api.queries.gradebook_csv import EXCUSED
from read_api.queries.standing import Row

CHANGES_MAX = 20_000
COMPUTED = "AUTO"
"""Written into a cell: what was computed is to count again."""
_CELL = re.compile(r"(?P<raw>\d{1,12}(?:\.\d{1,6})?)(?:/(?P<possible>\d{1,12}(?:\.\d{1,6})?))?")


class GradeChange(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that says something new: the command that it takes, its body without a ``reason``, and
    the score before and after. ``line`` counts from 1, the header among them."""

    line: int
    subject: str
    item: str
    command: str
    body: dict[str, Any]
    old: str | None
    old_possible: str | None
    new: str | None
    possible: str | None


class RefusedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that cannot be taken, the rule that says so, and why."""

    line: int
    subject: str
    item: str
    value: str
    rule: str
    detail: str


class ChangedGrade(msgspec.Struct, frozen=True, kw_only=True):
    """A learner whose grade would change: whole per cent and letter, before and after."""

    subject: str
    percent: int
    letter: str | None
    new_percent: int
    new_letter: str | None


class _Cell(NamedTuple):
    line: int
    subject: str
    column: Column
    value: str


class Comparing:
    """Compares a table with what stands, line by line."""

    def __init__(self, book: Book, rows: Mapping[str, Sequence[Row]]) -> None:
        self.changes: list[GradeChange] = []
        self.refused: list[RefusedCell] = []
        self.unchanged = 0
        self._book = book
        self._columns = {column.item: column for column in book.columns}
        self._rows = {subject: {row["item"]: row for row in own} for subject, own in rows.items()}
        self._after: dict[str, dict[str, Row]] = {}

    def take(self, line: int, subject: str, values: Mapping[str, str]) -> None:
        """Take one line in. Raises BadParameter where there are too many changes."""
        for item, value in values.items():
            column = self._columns.get(item)
            if column is None:
                detail = f"Run {self._book.run} has no item {item} that takes work."
                self._refuse(line, subject, item, value, "item-unknown", detail)
            elif subject not in self._rows:
                detail = f"Learner {subject} was never enrolled in run {self._book.run}."
                self._refuse(line, subject, item, value, "not-enrolled", detail)
            else:
                self._cell(_Cell(line, subject, column, value))
        if len(self.changes) > CHANGES_MAX:
            raise BadParameter("body", f"may change {CHANGES_MAX} cells at most")

    def grades(self) -> Iterator[ChangedGrade]:
        """Yield whose grade would change."""
        for subject, after in self._after.items():
            old = self._book.grade(list(self._rows[subject].values()))
            new = self._book.grade(list({**self._rows[subject], **after}.values()))
            if old is None or new is None:
                continue
            if (old.percent, old.letter) != (new.percent, new.letter):
                yield ChangedGrade(
                    subject=subject,
                    percent=old.percent,
                    letter=old.letter,
                    new_percent=new.percent,
                    new_letter=new.letter,
                )

    def _cell(self, cell: _Cell) -> None:
        row: Row = self._rows[cell.subject].get(cell.column.item) or _nothing(cell.column.item)
        excused = row["excused_at"] is not None
        if cell.value == EXCUSED:
            if excused:
                self.unchanged += 1
            else:
                self._change(cell, row, "excuse-item", {}, {"excused_at": True})
            return
        if cell.value == COMPUTED:
            if row["override_raw"] is None:
                self.unchanged += 1
            else:
                item = without_override(msgspec.convert(dict(row), ItemProgress))
                new = {"raw": item.raw, "possible": item.possible, "override_raw": None}
                self._change(cell, row, "remove-override", {}, new)
            return
        score = self._score(cell)
        if score is None:
            return
        if excused:
            self._change(cell, row, "withdraw-excuse", {}, {"excused_at": None})
            row = {**row, "excused_at": None}
        if row["raw"] is not None and Score(row["raw"], row["possible"]).equals(score):
            self.unchanged += not excused
            return
        told = {"score": score.raw, "possible": score.possible}
        new = {"raw": score.raw, "possible": score.possible, "counts": "override"}
        self._change(cell, row, "override-score", told, new)

    def _score(self, cell: _Cell) -> Score | None:
        """Read a score; None: it is refused."""
        found = _CELL.fullmatch(cell.value)
        if found is None:
            detail = f"{cell.value} is neither a score nor {EXCUSED} nor {COMPUTED}."
            self._refuse_cell(cell, "malformed", detail)
            return None
        score = Score(found["raw"], found["possible"] or cell.column.possible)
        try:
            require_score(cell.column.item, Decimal(score.raw), Decimal(score.possible))
        except ScoreOutOfRange as refusal:
            self._refuse_cell(cell, refusal.rule, refusal.detail)
            return None
        return score

    def _change(
        self,
        cell: _Cell,
        row: Row,
        command: str,
        told: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> None:
        after = {**row, **new}
        self._after.setdefault(cell.subject, {})[cell.column.item] = after
        self.changes.append(
            GradeChange(
                line=cell.line,
                subject=cell.subject,
                item=cell.column.item,
                command=command,
                body={
                    "run": self._book.run,
                    "subject": cell.subject,
                    "item": cell.column.item,
                    **told,
                },
                old=row["raw"],
                old_possible=row["possible"],
                new=after["raw"],
                possible=after["possible"],
            )
        )

    def _refuse_cell(self, cell: _Cell, rule: str, detail: str) -> None:
        self._refuse(cell.line, cell.subject, cell.column.item, cell.value, rule, detail)

    def _refuse(
        self, line: int, subject: str, item: str, value: str, rule: str, detail: str
    ) -> None:
        self.refused.append(
            RefusedCell(
                line=line, subject=subject, item=item, value=value, rule=rule, detail=detail
            )
        )


def _nothing(item: str) -> Row:
    return {
        "item": item,
        "raw": None,
        "possible": None,
        "counts": None,
        "counts_attempt": None,
        "override_raw": None,
        "excused_at": None,
    }
