"""How does a batch of regrades begin?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.grading.facts import RegradeStarted
from domain.grading.regrade import REGRADE, Regrade, RegradeExists


class StartRegrade(Command):
    """Have every grade of a run that was computed before computed again.

    The policy `regrade` computes them, and completes the batch. Until then scores and grades may be
    sent with the batch's id, and are taken on its terms.
    """

    run: Id
    batch: Id = Field(description="Chosen by the client; sent again, it decides nothing.")
    reason: Reason = Field(description="What it is for, of nobody in particular: it is public.")
    only_if_higher: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: no score, grade or pass falls; equality keeps the old."
    )


def start_regrade(
    command: StartRegrade, _context: Context, regrade: Regrade, run: Run
) -> Iterator[RegradeStarted]:
    """Yield the beginning, nothing where it began so already. Raises RunUnknown, RegradeExists."""
    require_run(run, command.run)
    started = RegradeStarted(command.run, command.batch, command.reason, command.only_if_higher)
    if regrade.started == started:
        return
    if regrade.started is not None:
        raise RegradeExists(
            f"Batch {command.batch} of regrades in run {command.run} was started on other terms.",
            run=command.run,
            batch=command.batch,
            only_if_higher=regrade.started.only_if_higher,
        )
    yield started


DECISION = Decision(
    name="start-regrade",
    model=StartRegrade,
    streams=lambda command, tenant: (
        REGRADE.of(tenant, command.run, command.batch),
        RUN.of(tenant, command.run),
    ),
    decide=start_regrade,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "batch": "tma-1-again",
        "reason": "Question 3 was ambiguous.",
        "only_if_higher": True,
    },
)
