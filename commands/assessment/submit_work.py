"""How is work handed in?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.dates import effective_due, late_seconds
from domain.assessment.facts import SubmissionReceived
from domain.assessment.handing_in import handed_in
from domain.assessment.rules import (
    require_attempt_left,
    require_cooled_down,
    require_none_under_way,
    require_started,
    require_submittable,
    require_time_left,
)
from domain.assessment.state import find_attempt
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import Item
from domain.catalogue.rules import require_item, require_open, require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.engagement.rules import require_unlocked
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import require_access
from domain.integrity.rules import require_honor_code
from domain.kernel import Fact, StreamRef
from domain.peer_review.facts import SubmissionPooled, SubmissionWithdrawn
from domain.peer_review.scoring import RELAXED_AFTER
from domain.peer_review.state import PEER_POOL, Pool

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SubmitWork(Command):
    """Hand in work for an item."""

    run: Id
    subject: Id
    item: Id
    attempt: Id = Field(description="Chosen by the client; sent again, it decides nothing.")
    artifact: Sha256 | None = Field(default=None, description="SHA-256 of the work, in hex.")


def streams(command: SubmitWork, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def more(
    command: SubmitWork, tenant: str, _enrolment: Enrolment, _run: Run, content: Content
) -> tuple[StreamRef[Any], ...]:
    """Name the pool that the work goes into, where peers review it."""
    item = content.items.get(command.item)
    if item is None or item.peer is None:
        return ()
    return (PEER_POOL.of(tenant, command.run, command.item),)


def submit_work(
    command: SubmitWork,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    content: Content,
    pool: Pool | None = None,
) -> Iterator[SubmissionReceived | SubmissionPooled | SubmissionWithdrawn]:
    """Yield the submission, judged by the learner's due date, and where peers review it its place
    in the pool; nothing where the attempt is known.

    An attempt that was begun is pinned to the content of that time. Raises RunUnknown,
    NotEnrolled, AccessHasExpired, RunIsArchived, HonorCodeNotAccepted; for an attempt that was
    begun AttemptOver; for another one ItemUnknown, ItemNotSubmittable, ItemNotOpen, ModuleLocked,
    AttemptNotStarted, AttemptUnderWay, AttemptsExhausted or CoolingDown.
    """
    require_run(run, command.run)
    made = find_attempt(enrolment.attempts, command.item, command.attempt)
    if made is not None and made.submitted_at is not None:
        return
    require_access(enrolment, command.run, command.subject)
    require_unarchived(run, command.run)
    require_honor_code(run, enrolment, command.run, command.subject)
    if made is not None and made.started is not None:
        require_time_left(command.item, made, context.now)
        artifact = command.artifact or made.saved
        at = context.now
        yield handed_in(command.item, made, made.started, artifact, at, enrolment, run, content)
        yield from _pooled(command, context, content.items.get(command.item), enrolment, pool)
        return
    item = require_item(content, command.run, command.item)
    require_submittable(item)
    require_open(item, context.now)
    require_unlocked(item, content, enrolment)
    require_started(item, command.attempt)
    require_none_under_way(item, enrolment.attempts)
    number = require_attempt_left(item, enrolment.attempts, enrolment.extensions)
    require_cooled_down(item, enrolment.attempts, context.now)
    due = effective_due(item, content, run, enrolment)
    yield SubmissionReceived(
        item=command.item,
        attempt=command.attempt,
        number=number,
        content_version=content.number,
        due=due.at,
        late_seconds=late_seconds(context.now, due.at),
        artifact=command.artifact,
        possible=item.possible,
        due_basis=due.basis,
    )
    yield from _pooled(command, context, item, enrolment, pool)


def _pooled(
    command: SubmitWork,
    context: Context,
    item: Item | None,
    enrolment: Enrolment,
    pool: Pool | None,
) -> Iterator[SubmissionPooled | SubmissionWithdrawn]:
    """Yield the work's place in the pool, where there is one and it is not known there; an attempt
    that was voided while under way has a place, and is withdrawn from it."""
    if item is None or item.peer is None or pool is None:
        return
    if pool.of(command.subject, command.attempt) is None:
        yield SubmissionPooled(
            item=command.item,
            subject=command.subject,
            attempt=command.attempt,
            task=item.peer,
            relaxes_at=context.now + RELAXED_AFTER if item.peer.flexible else None,
            artifact=command.artifact,
        )
        for voided, attempt, violation in sorted(enrolment.integrity.voided):
            if (voided, attempt) == (command.item, command.attempt):
                yield SubmissionWithdrawn(command.item, command.subject, attempt, violation)
                break


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, SubmissionReceived))
    return {"number": fact.number, "late_seconds": fact.late_seconds}


DECISION = Decision(
    name="submit-work",
    model=SubmitWork,
    streams=streams,
    decide=submit_work,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "1752", "attempt": "1"},
    answer=answer,
    more=more,
)
