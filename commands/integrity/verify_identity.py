"""How is it recorded that a learner is who they say?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, ModeName, Moment
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.integrity.facts import IdentityVerified
from domain.kernel import StreamRef


class VerifyIdentity(Command):
    """Record that a learner's identity was verified, for a run."""

    run: Id
    subject: Id
    method: ModeName = Field(description="How: `id-document`, `in-person`, `proctor` …")
    expires: Moment | None = Field(
        default=None, description="It holds until before then; absent: for ever."
    )


def streams(command: VerifyIdentity, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def verify_identity(
    command: VerifyIdentity, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[IdentityVerified]:
    """Yield it, nothing where it stands so already. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    verified = IdentityVerified(command.method, command.expires)
    if enrolment.integrity.identity != verified:
        yield verified


DECISION = Decision(
    name="verify-identity",
    model=VerifyIdentity,
    streams=streams,
    decide=verify_identity,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "method": "id-document",
        "expires": "2016-10-01T00:00:00Z",
    },
)
