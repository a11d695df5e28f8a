"""Which cells does a gradebook have that comes back from a spreadsheet?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from read_api.errors import BadParameter
from read_api.queries.gradebook_csv import NAMES_AFTER, NAMES_BEFORE

CSV_BYTES_MAX = 4_000_000
LINES_MAX = 20_000
_HEADER = re.compile(r"(?P<item>[A-Za-z0-9][A-Za-z0-9._~-]{0,63})(?: \(of [0-9.]+\))?")


def lines_of(content: bytes) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    """Yield each line's number, subject and cells by item. Raises BadParameter."""
    if len(content) > CSV_BYTES_MAX:
        raise BadParameter("body", f"may have {CSV_BYTES_MAX} bytes at most")
    try:
        text = content.decode("utf-8-sig")
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadParameter("body", f"is not CSV in UTF-8: {error}") from None
    if not table or "subject" not in table[0]:
        raise BadParameter("body", "begins with no line of names, one of them subject")
    if len(table) > LINES_MAX:
        raise BadParameter("body", f"may have {LINES_MAX} lines at most")
    names = [_item(name) for name in table[0]]
    twice = {name for name in names if name is not None and names.count(name) > 1}
    if twice:
        raise BadParameter("body", f"names {sorted(twice)[0]} in two columns")
    at = table[0].index("subject")
    seen: set[str] = set()
    for number, cells in enumerate(table[1:], 2):
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise BadParameter("body", f"has {len(cells)} cells in line {number}, not {len(names)}")
        subject = cells[at].strip()
        if subject in seen:
            raise BadParameter("body", f"names {subject} twice, again in line {number}")
        seen.add(subject)
        pairs = zip(names, cells, strict=True)
        yield number, subject, {name: cell.strip() for name, cell in pairs if name and cell.strip()}


def _item(name: str) -> str | None:
    if name in NAMES_BEFORE or name in NAMES_AFTER:
        return None
    found = _HEADER.fullmatch(name.strip())
    if found is None:
        raise BadParameter("body", f"has a column {name!r}, which is no item's")
    return found["item"]
