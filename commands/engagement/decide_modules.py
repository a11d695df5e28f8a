"""Which modules has a learner unlocked by now?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.engagement.facts import ModuleRelocked, ModuleUnlocked
from domain.engagement.gating import decided
from domain.engagement.state import VIEWING, Viewing
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import StreamRef


class DecideModules(Command):
    """Unlock what the learner has earned, and lock again what the run wants locked."""

    run: Id
    subject: Id


def streams(command: DecideModules, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run, its content and the viewing."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
        VIEWING.of(tenant, command.run, command.subject, subject=command.subject),
    )


def decide_modules(
    command: DecideModules,
    _context: Context,
    enrolment: Enrolment,
    run: Run,
    content: Content,
    viewing: Viewing,
) -> Iterator[ModuleUnlocked | ModuleRelocked]:
    """Yield what is to be open or locked otherwise than it is [Open edX]. Raises RunUnknown."""
    require_run(run, command.run)
    if enrolment.active:
        yield from decided(content, enrolment, viewing.in_term(enrolment.term).completed)


DECISION = Decision(
    name="decide-modules",
    model=DecideModules,
    streams=streams,
    decide=decide_modules,
    unconditioned=frozenset({"run", "viewing"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
)
