"""How does a batch of regrades end?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.grading.facts import RegradeCompleted
from domain.grading.regrade import REGRADE, Regrade, require_regrade

LEARNERS_MAX = 10_000_000


class CompleteRegrade(Command):
    """End a batch of regrades: it takes no more. Sent by the policy `regrade`."""

    run: Id
    batch: Id
    learners: Annotated[int, Field(strict=True, ge=0, le=LEARNERS_MAX)] = Field(
        description="How many learners' grades were computed again."
    )


def complete_regrade(
    command: CompleteRegrade, _context: Context, regrade: Regrade
) -> Iterator[RegradeCompleted]:
    """Yield the end, once. Raises RegradeUnknown."""
    if regrade.completed:
        return
    started = require_regrade(regrade, command.run, command.batch)
    yield RegradeCompleted(command.run, command.batch, started.only_if_higher, command.learners)


DECISION = Decision(
    name="complete-regrade",
    model=CompleteRegrade,
    streams=lambda command, tenant: (REGRADE.of(tenant, command.run, command.batch),),
    decide=complete_regrade,
    example={"run": "AAA-2013J", "batch": "tma-1-again", "learners": 383},
)
