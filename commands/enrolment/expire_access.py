"""What becomes of an auditor whose time is over?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.due import require_due
from domain.enrolment.facts import AccessExpired
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import access_until


class ExpireAccess(Command):
    """Note that the time for which a learner could audit a run is over. Sent by the scheduler."""

    run: Id
    subject: Id


def expire_access(
    command: ExpireAccess, context: Context, enrolment: Enrolment, run: Run
) -> Iterator[AccessExpired]:
    """Yield that access expired [Open edX]; nothing where it does not, or no more.

    A run that was put off gives more time; one that was brought forward takes none of what was
    said. Raises RunUnknown or NotDue.
    """
    require_run(run, command.run)
    said, began_at = enrolment.access_until, enrolment.began_at
    if not enrolment.active or enrolment.expired is not None or said is None or began_at is None:
        return
    now_said = access_until(run, enrolment.mode or "", began_at)
    until = said if now_said is None else max(said, now_said)
    require_due(until, context.now, f"Learner {command.subject} has access to run {command.run}")
    yield AccessExpired(until)


DECISION = Decision(
    name="expire-access",
    model=ExpireAccess,
    streams=lambda command, tenant: (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    ),
    decide=expire_access,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
)
