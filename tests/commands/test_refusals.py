"""Has every refusal a stable code, a sentence for a person, and the values it was judged by?"""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import commands
import domain
from commands.problems import describe
from docs.generate import REFERENCE
from docs.refused import Refused, refused, values
from domain.kernel import Refusal
from domain.refusals import REFUSALS

NAMES = frozenset(cls.__name__ for cls in REFUSALS.values())
MADE = tuple(refused(NAMES))
VALUES = values(NAMES)


def all_refusals() -> set[type[Refusal]]:
    """Return every class of refusals that there is, in whatever module."""
    for package in (domain, commands):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[Refusal]] = set()
    waiting = [Refusal]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            found.add(cls)
            waiting.append(cls)
    return {cls for cls in found if cls.__module__.split(".")[0] in ("domain", "commands")}


def test_every_refusal_is_explained() -> None:
    """None is left out of `GET /problems/{rule}`, wherever it was written."""
    assert all_refusals() == set(REFUSALS.values())


@pytest.mark.parametrize("rule", sorted(REFUSALS))
def test_a_refusal_has_a_code_a_title_and_an_explanation(rule: str) -> None:
    """The code is kebab-case, and the reference has it with what it is judged by."""
    cls = REFUSALS[rule]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule)
    assert cls.title
    assert not cls.title.endswith(".")
    assert (cls.__doc__ or "").rstrip().endswith(".")
    given = ", ".join(f"`{name}`" for name in VALUES[cls.__name__])
    page = (REFERENCE / "rules.md").read_text()
    assert f"## {rule}\n" in page
    assert f"Judged by: {given}\n" in page


@pytest.mark.parametrize("rule", sorted(REFUSALS))
def test_a_refusal_becomes_a_problem(rule: str) -> None:
    """Whatever its values are called: all of them stand beside the members of RFC 9457."""
    cls = REFUSALS[rule]
    told = {name: f"of {name}" for name in VALUES[cls.__name__]}
    refusal = cls.__new__(cls)
    Refusal.__init__(refusal, "In a sentence.", **told)
    problem = describe(refusal)
    assert problem is not None
    assert problem.status == 409
    assert problem.document == told | {
        "type": f"/problems/{rule}",
        "title": cls.title,
        "status": 409,
        "detail": "In a sentence.",
        "rule": rule,
    }


def test_every_refusal_is_made_somewhere() -> None:
    """A rule that nothing refuses by would be a promise that nobody keeps."""
    assert {one.name for one in MADE} == NAMES


@pytest.mark.parametrize("one", MADE, ids=lambda one: f"{one.place}-{one.name}")
def test_a_refusal_is_a_sentence_with_the_values_it_was_judged_by(one: Refused) -> None:
    """Whoever makes one says so in a sentence, and gives the values beside it."""
    by_itself = any(made.values for made in MADE if made.name == one.name and made.ends is None)
    assert one.values or by_itself, one
    assert one.ends is None or one.ends.endswith("."), one
