"""Which reading do the promises of stores get tried out with?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from projections.ports import Changes
from projections.reading import Documents, Reading, Tally, View, columns

AT = datetime(2013, 10, 1, 12, 0, 0, 123_456, tzinfo=UTC)


class Everything(Struct, frozen=True):
    """A row with every type of column. Its position only ever rises, as that of documents does."""

    run: str
    number: int
    position: int = 1
    text: str | None = None
    flag: bool = False
    at: datetime | None = None
    day: date | None = None
    exact: Decimal | None = None
    spans: tuple[tuple[int, int], ...] = ()
    days: tuple[date | None, ...] = ()


SAMPLE = Reading(
    name="sample",
    version=1,
    documents=(
        Documents(
            "thing",
            Everything,
            ("run", "number"),
            frozenset(),
            lambda _: (),
            lambda document, _, __: document,
            indexes=("(text)",),
        ),
    ),
    views=(View("sample_things", columns(Everything), "{thing}"),),
)
SUMS = Tally("sums", {"run": str, "day": date}, {"count": int, "total": Decimal}, {})
PLAIN = Everything("r", 1)
FULL = Everything(
    "r",
    2,
    1,
    "naïve 學",
    True,
    AT,
    date(2013, 10, 1),
    Decimal("-12.3400"),
    ((0, 5),),
    (None, date.min),
)


def changes(position: int, *rows: Everything, new: bool = True, **more: Any) -> Changes:
    """Return a batch that writes these rows."""
    written = {("main", row.run, row.number): row for row in rows}
    return Changes(position, {"thing": written}, {"thing": list(written) if new else []}, **more)
