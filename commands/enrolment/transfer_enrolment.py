"""How does a learner move to another run of the same course?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision, Elsewhere
from commands.fields import ITEMS_MAX, Contradiction, Id
from domain.assessment.dates import relative_dues
from domain.assessment.rules import require_submittable
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import (
    EnrolmentTransferred,
    LearnerEnrolled,
    SeatTaken,
)
from domain.enrolment.rules import (
    AlreadyEnrolled,
    require_active,
    require_mode,
    require_result,
    require_same_course,
    require_seat,
    require_window,
)
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import open_until
from domain.enrolment.waitlist import released
from domain.grading.counting import Score, scores_of
from domain.grading.facts import ResultTransferred
from domain.integrity.rules import require_not_ended
from domain.kernel import Fact, StreamRef
from domain.learners.rules import require_unmerged
from domain.learners.state import LEARNER, Learner


class TransferEnrolment(Command):
    """Move a learner to another run of the same course, with the results of the items named."""

    subject: Id
    from_run: Id
    to_run: Id
    carry: Annotated[tuple[Id, ...], Field(max_length=ITEMS_MAX)] = Field(
        default=(), description="The items whose best results are carried over."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.from_run == self.to_run:
            raise Contradiction("to_run", "must be another run than from_run")
        if len(set(self.carry)) < len(self.carry):
            raise Contradiction("carry", "names an item twice")
        return self


def streams(command: TransferEnrolment, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name what the learner moves to, and then what they leave."""
    subject, there, here = command.subject, command.to_run, command.from_run
    return (
        ENROLMENT.of(tenant, there, subject, subject=subject),
        RUN.of(tenant, there),
        RUN_SEATS.of(tenant, there),
        RUN_CONTENT.of(tenant, there),
        ENROLMENT.of(tenant, here, subject, subject=subject),
        RUN.of(tenant, here),
        RUN_SEATS.of(tenant, here),
    )


def more(command: TransferEnrolment, tenant: str, *_states: Any) -> tuple[StreamRef[Any], ...]:
    """Name the learner as a person."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def transfer_enrolment(
    command: TransferEnrolment,
    context: Context,
    new: Enrolment,
    to_run: Run,
    to_seats: Seats,
    content: Content,
    old: Enrolment,
    from_run: Run,
    from_seats: Seats,
    learner: Learner,
) -> Iterator[Fact | Elsewhere]:
    """Yield the departure here, and there the enrolment with the results carried.

    The prerequisite that let the learner into the course stands. Raises RunUnknown, NotEnrolled,
    LearnerIsMerged, OtherCourse; then what enrolling in the new run raises [Open edX]; then
    ItemUnknown, ItemNotSubmittable or NothingToCarry.
    """
    leaving = require_run(from_run, command.from_run)
    entering = require_run(to_run, command.to_run)
    moved = EnrolmentTransferred("out", command.from_run, command.to_run, command.carry)
    if old.standing == "transferred" and old.moved == moved and new.active:
        return
    require_active(old, command.from_run, command.subject)
    require_unmerged(learner, command.subject)
    require_same_course(leaving, entering)
    if new.active:
        raise AlreadyEnrolled(
            f"Learner {command.subject} is in run {command.to_run} already.",
            run=command.to_run,
            subject=command.subject,
            mode=new.mode,
        )
    require_not_ended(new, command.to_run, command.subject)
    require_unarchived(to_run, command.to_run)
    require_window(to_run, command.to_run, context.now)
    mode = old.mode or ""
    require_mode(entering, mode)
    afresh = new.standing != "none" and not entering.carry_progress
    began_at = context.now if afresh else new.began_at or context.now
    until = open_until(to_run, command.to_run, command.subject, mode, began_at, context.now)
    require_seat(to_seats, command.to_run, command.subject, context.now)
    carried = tuple(_carried(command, content, old))

    *_, old_enrolment, _, old_seats = streams(command, context.principal.tenant)
    yield Elsewhere(old_enrolment, moved)
    if from_seats.capacity is not None:
        for fact in released(from_seats, from_run, command.subject, context.now):
            yield Elsewhere(old_seats, fact)
    yield EnrolmentTransferred("in", command.from_run, command.to_run, command.carry)
    yield LearnerEnrolled(
        mode=mode,
        seat=to_seats.capacity is not None,
        satisfied_by=old.satisfied_by,
        access_until=until,
        afresh=afresh,
        missing_from=relative_dues(to_run, content, began_at),
        scores_missing=to_run.scores_missing,
    )
    yield from carried
    if to_seats.capacity is not None:
        yield SeatTaken(command.subject)


def _carried(
    command: TransferEnrolment, content: Content, old: Enrolment
) -> Iterator[ResultTransferred]:
    best: dict[str, Score] = scores_of(old.results.counted()) if command.carry else {}
    for item in command.carry:
        require_submittable(require_item(content, command.to_run, item))
        score = require_result(best, item, command.from_run)
        yield ResultTransferred(item, score.raw, score.possible, command.from_run)


DECISION = Decision(
    name="transfer-enrolment",
    model=TransferEnrolment,
    streams=streams,
    decide=transfer_enrolment,
    more=more,
    example={
        "subject": "oulad-11391",
        "from_run": "AAA-2013J",
        "to_run": "AAA-2014J",
        "carry": ["1752"],
    },
)
