"""How is it said how a run is graded?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.catalogue.grading_policies import LatePolicyBody, PolicyBody
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.dates import moving_items
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import SUBMITTABLE, GradingPolicyPublished, ItemDue
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.kernel import Fact


class PublishGradingPolicy(Command):
    """Say how a run is graded from now on."""

    run: Id
    policy: PolicyBody
    late: LatePolicyBody | None = Field(
        default=None, description="What late and missing work costs; absent: nothing."
    )


def publish_grading_policy(
    command: PublishGradingPolicy, _context: Context, run: Run, content: Content
) -> Iterator[GradingPolicyPublished]:
    """Yield the policy under its next number, nothing where it stands so already.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    policy = command.policy.as_policy()
    late = None if command.late is None else command.late.as_policy()
    if run.policy == policy and run.late == late:
        return
    require_unarchived(run, command.run)
    dues: tuple[ItemDue, ...] = ()
    after: tuple[str, ...] = ()
    if late is not None and late.missing is not None:
        dues = tuple(
            ItemDue(item.item, item.due)
            for item in content.items.values()
            if item.due is not None and item.kind in SUBMITTABLE
        )
        after = moving_items(content)
    yield GradingPolicyPublished(command.run, run.policy_number + 1, policy, late, dues, after)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, GradingPolicyPublished))
    return {"policy_number": fact.number}


DECISION = Decision(
    name="publish-grading-policy",
    model=PublishGradingPolicy,
    streams=lambda command, tenant: (
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    ),
    decide=publish_grading_policy,
    example={
        "run": "AAA-2013J",
        "policy": {
            "kind": "weighted",
            "categories": [
                {"name": "TMA", "weight": "0.5", "drop": 1},
                {"name": "Exam", "weight": "0.5"},
            ],
            "cutoffs": [
                {"letter": "Distinction", "percent": 75},
                {"letter": "Pass", "percent": 40},
            ],
        },
    },
    answer=answer,
)
