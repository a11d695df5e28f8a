"""Is it said in which field a body is wrong, and in words for a person?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from commands.malformed import of_validation
from commands.register import DECISIONS

RUN = DECISIONS["schedule-run"].example
POLICY = DECISIONS["publish-grading-policy"].example
ITEM = {"item": "a", "kind": "quiz", "title": "A"}


def content(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A content of these items."""
    return {"run": "AAA-2013J", "items": list(items), **more}


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("schedule-run", RUN | {"ends": RUN["starts"]}, "starts: must come before ends"),
        ("schedule-run", RUN | {"run": "a b"}, "run: must be letters, digits and . _ ~ -"),
        ("schedule-run", RUN | {"tutor": "x"}, "tutor: is no field that is known here"),
        ("schedule-run", RUN | {"refund_days": -1}, "refund_days: must be at least 0"),
        ("schedule-run", RUN | {"modes": []}, "modes: must have no fewer entries than 1"),
        ("enrol-learner", {"run": "AAA-2013J"}, "subject: is required"),
        (
            "publish-content",
            content(ITEM, ITEM | {"item": "b", "due_after_s": 5, "due": "2014-01-01T00:00:00Z"}),
            "items.1.due_after_s: takes the place of due: name one of them",
        ),
        (
            "draft-content",
            content(ITEM | {"module": "two"}, modules=[{"module": "one"}]),
            "items.0.module: there is no module two",
        ),
        (
            "publish-grading-policy",
            POLICY | {"policy": {**POLICY["policy"], "categories": [{"name": "A", "weight": 0}]}},
            "policy.categories: weighs nothing: all weights are 0",
        ),
        (
            "publish-grading-policy",
            POLICY | {"late": {"floor": 10, "missing": 100}},
            "late.floor: bounds a penalty, and rate gives none",
        ),
        ("publish-grading-policy", POLICY | {"policy": {"kind": "x"}}, "policy.kind: has a kind"),
    ],
)
def test_the_field_is_named_and_what_is_wrong_with_it(
    name: str, body: dict[str, Any], told: str
) -> None:
    """Also where two fields contradict each other: that which is to be mended."""
    with pytest.raises(ValidationError) as refused:
        DECISIONS[name].model.model_validate(body)
    assert str(of_validation(refused.value)).startswith(told)
