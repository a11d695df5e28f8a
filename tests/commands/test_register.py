"""Is every command and every rule presentable?"""

from __future__ import annotations

import re

import pytest

from commands.decision import Decision
from commands.register import DECISIONS
from domain.refusals import REFUSALS


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=lambda decision: decision.name)
def test_each_command_shows_a_valid_example(decision: Decision) -> None:
    """The example in the documentation is accepted, and names streams of the tenant."""
    command = decision.model.model_validate(decision.example)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", decision.name)
    refs = decision.streams(command, "main")
    assert all(ref.name.startswith("main/") for ref in refs)
    assert len({ref.name for ref in refs}) == len(refs)
    assert (decision.model.__doc__ or "").strip().endswith(".")
    assert decision.model.model_json_schema()["type"] == "object"


@pytest.mark.parametrize("rule", REFUSALS)
def test_each_rule_explains_itself(rule: str) -> None:
    """A refusal has a stable name, a title, and an explanation for a person."""
    refusal = REFUSALS[rule]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule)
    assert refusal.title
    assert not refusal.title.endswith(".")
    assert len(refusal.__doc__ or "") > 60
