"""Does each requirement of the security page name tests that exist, or say why there are none?"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+)\.(\d+)\.(\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILE = re.compile(r"\b((?:docs|requirements)/[\w/-]+\.\w+|SECURITY\.md)\b")
CHAPTERS = 17
ROWS_MIN = 200


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_is_there_once_in_order_with_a_test_or_a_reason() -> None:
    """All chapters; nothing is left open."""
    rows = ROW.findall(PAGE.read_text())
    numbers = [tuple(map(int, row[:3])) for row in rows]
    assert numbers == sorted(set(numbers))
    assert {number[0] for number in numbers} == set(range(1, CHAPTERS + 1))
    assert len(rows) >= ROWS_MIN
    assert all(len(row[4].strip()) >= len("There is none.") for row in rows)


def test_every_test_that_is_named_exists() -> None:
    """So that nobody renames what a promise rests on."""
    named = TEST.findall(PAGE.read_text())
    missing = [f"{path}::{name}" for path, name in named if name not in functions(path)]
    assert not missing
    assert len(set(named)) >= CHAPTERS


def test_every_page_that_is_named_exists() -> None:
    assert [name for name in FILE.findall(PAGE.read_text()) if not (ROOT / name).exists()] == []
