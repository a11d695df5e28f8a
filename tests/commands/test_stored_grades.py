"""Are grades that earlier versions stored still those that their inputs give?

Each line of ``tests/data/grades`` is a life as it was stored, up to its grade. The lines are never
written again: a file is added for a new version of a policy, and every later build replays all.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.grading.facts import CourseGradeComputed
from domain.streams import REGISTRY
from tests.given import LEARNER, NOON, Placed, Record

STORED = sorted(Path("tests/data/grades").glob("*.jsonl"))
_Life = list[tuple[str, str, msgspec.Raw]]


def lives(path: Path) -> list[list[Placed]]:
    """Read the lives that a file holds, fact by fact, as the log's bytes are read."""
    return [
        [
            Placed(stream, REGISTRY.types[name].decode(data), NOON)
            for stream, name, data in msgspec.json.decode(line, type=_Life)
        ]
        for line in path.read_bytes().splitlines()
    ]


def grade_of(life: list[Placed]) -> CourseGradeComputed:
    """Return the grade that was stored."""
    (found,) = (placed.fact for placed in life if isinstance(placed.fact, CourseGradeComputed))
    return found


def before_grade(life: list[Placed]) -> list[Placed]:
    """Leave the grade out, and what followed from it."""
    names = [type(placed.fact).__name__ for placed in life]
    return life[: names.index("CourseGradeComputed")]


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_the_same_inputs_give_the_same_grade_for_ever(path: Path) -> None:
    """Percent, letter, exact share and inputs' hash: computed again, they are what was stored."""
    found = lives(path)
    assert len(found) == 25
    for life in found:
        again = Record().take(*before_grade(life)).when("compute-grade", NOON, **LEARNER)
        assert again.facts[0] == grade_of(life)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_grade_is_not_computed_twice(path: Path) -> None:
    """Its hash is that of its inputs, so there is nothing to say."""
    for life in lives(path):
        Record().take(*life).when("compute-grade", NOON, **LEARNER).nothing()


def test_the_earliest_version_is_among_them() -> None:
    """As it was before there were late policies, groups, overrides and excuses."""
    assert {path.stem for path in STORED} >= {"weighted-v1", "weighted-late-v1", "grouped-v1"}
