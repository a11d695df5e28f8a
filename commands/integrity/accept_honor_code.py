"""How does a learner accept the honour code?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_active
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.integrity.facts import HonorCodeAccepted
from domain.integrity.rules import HonorCodeOther
from domain.kernel import StreamRef


class AcceptHonorCode(Command):
    """Accept the honour code of a run."""

    run: Id
    subject: Id
    version: Id = Field(description="The version that the run asks for.")


def streams(command: AcceptHonorCode, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def accept_honor_code(
    command: AcceptHonorCode, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[HonorCodeAccepted]:
    """Yield it, once for each version. Raises RunUnknown, NotEnrolled or HonorCodeOther."""
    require_run(run, command.run)
    if enrolment.integrity.honor_code == command.version:
        return
    require_active(enrolment, command.run, command.subject)
    wanted = run.integrity.honor_code
    if command.version != wanted:
        raise HonorCodeOther(
            f"Run {command.run} asks for {f'version {wanted}' if wanted else 'no version'} of the "
            f"honour code, not for {command.version}.",
            run=command.run,
            version=command.version,
            honor_code=wanted,
        )
    yield HonorCodeAccepted(command.version)


DECISION = Decision(
    name="accept-honor-code",
    model=AcceptHonorCode,
    streams=streams,
    decide=accept_honor_code,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "version": "2013-1"},
)
