"""How do answers look on a terminal, and to a program?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

LINE_CHARACTERS_MAX = 10_000


def print_json(document: Any, *, indent: int = 2) -> None:
    """Print one JSON document; ``indent`` 0 puts it on one line."""
    encoded = msgspec.json.encode(document)
    shaped = msgspec.json.format(encoded, indent=indent) if indent else encoded
    print(shaped.decode(), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print a table that is never wider than the terminal, or COLUMNS; long cells fold. To a file
    or another program every row goes as one line."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    console = Console(highlight=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = LINE_CHARACTERS_MAX
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*row)
    console.print(table)


def print_recorded(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what came of a command."""
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['status']} at position {answer['position']}")
