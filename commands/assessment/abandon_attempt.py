"""How does a learner give an attempt up?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.assessment.redecide_lateness import streams
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.facts import AttemptAbandoned
from domain.assessment.rules import require_time_left
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.grading.rules import require_attempt


class AbandonAttempt(Command):
    """Give an attempt under way up. It counts as made."""

    run: Id
    subject: Id
    item: Id
    attempt: Id


def abandon_attempt(
    command: AbandonAttempt, context: Context, enrolment: Enrolment, run: Run, _content: Content
) -> Iterator[AttemptAbandoned]:
    """Yield it; nothing where the attempt has ended.

    Raises RunUnknown or AttemptUnknown; AttemptOver where its time is up: then its item says what
    becomes of it.
    """
    require_run(run, command.run)
    made = require_attempt(
        enrolment.attempts, command.run, command.subject, command.item, command.attempt
    )
    if made.under_way:
        require_time_left(command.item, made, context.now)
        yield AttemptAbandoned(command.item, command.attempt, "given-up")


DECISION = Decision(
    name="abandon-attempt",
    model=AbandonAttempt,
    streams=streams,
    decide=abandon_attempt,
    unconditioned=frozenset({"run", "run-content"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "exam", "attempt": "1"},
)
