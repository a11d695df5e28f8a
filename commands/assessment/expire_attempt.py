"""What becomes of an attempt whose time is up?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.assessment.redecide_lateness import streams
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.facts import AttemptAbandoned, AttemptExpired, SubmissionReceived
from domain.assessment.handing_in import handed_in
from domain.assessment.rules import require_time_up
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.grading.rules import require_attempt


class ExpireAttempt(Command):
    """End an attempt whose time is up, as its item says. Sent by the scheduler."""

    run: Id
    subject: Id
    item: Id
    attempt: Id


def expire_attempt(
    command: ExpireAttempt, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[AttemptExpired | SubmissionReceived | AttemptAbandoned]:
    """Yield the end and what follows from it; nothing where the attempt has ended.

    What is there is handed in as at the deadline; a grace period that has passed, and the policy
    to abandon, leave nothing handed in [Moodle]. Raises RunUnknown, AttemptUnknown,
    AttemptUntimed or NotDue.
    """
    require_run(run, command.run)
    item = command.item
    made = require_attempt(
        enrolment.attempts, command.run, command.subject, command.item, command.attempt
    )
    if not made.under_way:
        return
    started, deadline = require_time_up(item, made, context.now)
    yield AttemptExpired(item, command.attempt, deadline, started.on_expiry)
    if started.on_expiry == "submit":
        yield handed_in(item, made, started, made.saved, deadline, enrolment, run, content)
    else:
        yield AttemptAbandoned(item, command.attempt, "expired")


DECISION = Decision(
    name="expire-attempt",
    model=ExpireAttempt,
    streams=streams,
    decide=expire_attempt,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "exam", "attempt": "1"},
)
