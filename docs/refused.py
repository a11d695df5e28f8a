"""Where is each course rule refused by, and which values does the refusal name?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LAYERS = ("domain", "commands")


class Refused(NamedTuple):
    """One place in the code that makes a refusal: of which class, where, the values it names, and
    the last piece of its sentence (None: it is not written there)."""

    name: str
    place: str
    values: tuple[str, ...]
    ends: str | None


def refused(names: frozenset[str]) -> Iterator[Refused]:
    """Yield every place that makes a refusal of one of these classes."""
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            tree = ast.parse(path.read_text())
            place = str(path.relative_to(ROOT))
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and node.name in names:
                    yield from _by_itself(node, place)
                if isinstance(node, ast.Call) and _called(node) in names:
                    yield _made(node, _called(node), place)


def values(names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of the values that the refusals of each class give, in order."""
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for one in refused(names):
        found[one.name].update(dict.fromkeys(one.values))
    return {name: tuple(given) for name, given in found.items()}


def _by_itself(cls: ast.ClassDef, place: str) -> Iterator[Refused]:
    """A class that fills its values in by itself hands them to its base."""
    for node in ast.walk(cls):
        if isinstance(node, ast.Call) and _method(node) == "__init__":
            yield _made(node, cls.name, place)._replace(ends=None)


def _method(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _made(node: ast.Call, name: str, place: str) -> Refused:
    given = tuple(word.arg for word in node.keywords if word.arg is not None)
    return Refused(name, f"{place}:{node.lineno}", given, _end(node.args[0]) if node.args else None)


def _end(sentence: ast.expr) -> str | None:
    """Return the last literal piece of a text; None where it is made elsewhere."""
    if isinstance(sentence, ast.JoinedStr) and sentence.values:
        sentence = sentence.values[-1]
    if isinstance(sentence, ast.Constant) and isinstance(sentence.value, str):
        return sentence.value
    return None
