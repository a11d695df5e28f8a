"""How is a result of an earlier run carried over?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Amount, Id, text
from domain.assessment.rules import require_submittable
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_active
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.facts import ResultTransferred
from domain.grading.rules import require_score
from domain.grading.state import Banked
from domain.kernel import StreamRef


class TransferResult(Command):
    """Carry a result over ("bank" it) from an earlier run to an item of this one."""

    run: Id
    subject: Id
    item: Id
    raw: Amount | None = Field(default=None, description="The score; absent: not known.")
    possible: Amount = Field(description="The highest score there could be.")
    from_run: Id | None = Field(default=None, description="The earlier run, where it is known.")


def streams(command: TransferResult, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def transfer_result(
    command: TransferResult, _context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[ResultTransferred]:
    """Yield the result, nothing where it stands so already.

    Raises RunUnknown, NotEnrolled, ItemUnknown, ItemNotSubmittable or ScoreOutOfRange.
    """
    require_run(run, command.run)
    banked = Banked(
        None if command.raw is None else text(command.raw), text(command.possible), command.from_run
    )
    known = enrolment.results.banked.get(command.item)
    if known is not None and known.equals(banked):
        return
    require_active(enrolment, command.run, command.subject)
    require_submittable(require_item(content, command.run, command.item))
    if command.raw is not None:
        require_score(command.item, command.raw, command.possible)
    yield ResultTransferred(command.item, banked.raw, banked.possible, banked.from_run)


DECISION = Decision(
    name="transfer-result",
    model=TransferResult,
    streams=streams,
    decide=transfer_result,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2014J",
        "subject": "oulad-11391",
        "item": "1758",
        "raw": "78",
        "possible": "100",
        "from_run": "AAA-2013J",
    },
)
