"""How does a learner come to take a run in another mode?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id, ModeName
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import ModeChanged
from domain.enrolment.rules import require_active, require_mode
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import open_until, require_lasting


class ChangeMode(Command):
    """Take a run in another mode, while it lasts. Access that had expired is open again, unless the
    new mode is one in which it has expired too."""

    run: Id
    subject: Id
    mode: ModeName


def change_mode(
    command: ChangeMode, context: Context, enrolment: Enrolment, run: Run
) -> Iterator[ModeChanged]:
    """Yield the change, nothing where it is so already.

    Raises RunUnknown, NotEnrolled, RunIsArchived, ModeNotOffered, RunHasEnded or AccessHasExpired.
    """
    scheduled = require_run(run, command.run)
    require_active(enrolment, command.run, command.subject)
    if enrolment.mode == command.mode:
        return
    require_unarchived(run, command.run)
    require_mode(scheduled, command.mode)
    require_lasting(run, command.run, context.now)
    began_at = enrolment.began_at or context.now
    until = open_until(run, command.run, command.subject, command.mode, began_at, context.now)
    yield ModeChanged(enrolment.mode or "", command.mode, until)


DECISION = Decision(
    name="change-mode",
    model=ChangeMode,
    streams=lambda command, tenant: (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    ),
    decide=change_mode,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "mode": "verified"},
)
