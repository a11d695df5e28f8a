"""How does what was computed count again?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.facts import OverrideRemoved
from domain.kernel import Personal, StreamRef


class RemoveOverride(Command):
    """Let what was computed for an item count again."""

    run: Id
    subject: Id
    item: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: Any, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def remove_override(
    command: RemoveOverride, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[OverrideRemoved]:
    """Yield the removal with the score that it restores, nothing where there is no override.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    old = enrolment.results.overridden.get(command.item)
    if old is None:
        return
    restored = enrolment.results.computed_of(command.item)
    yield OverrideRemoved(
        item=command.item,
        old=old.raw,
        old_possible=old.possible,
        new=None if restored is None else restored.score.raw,
        possible=None if restored is None else restored.score.possible,
        reason=Personal(value=command.reason),
    )


DECISION = Decision(
    name="remove-override",
    model=RemoveOverride,
    streams=streams,
    decide=remove_override,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "reason": "Entered for the wrong learner.",
    },
)
