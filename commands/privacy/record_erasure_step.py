"""How does a step of an erasure become a fact?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, assert_never

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision, Id
from commands.fields import Moment
from commands.privacy.fields import of_learner
from domain.kernel import Fact
from domain.privacy.facts import (
    CachesDropped,
    EpochKeyDestroyed,
    IndexPurged,
    KeyDestroyed,
    Receipt,
    RowsDeleted,
    SubjectErased,
    TombstonesWritten,
)
from domain.privacy.state import STEPS, Erasure, StepFact

Step = Literal[
    "key-destroyed",
    "caches-dropped",
    "rows-deleted",
    "index-purged",
    "tombstones-written",
    "epoch-key-destroyed",
]
PLACES_MAX = 50


class ReceiptBody(BaseModel):
    """What was done at one place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9 ._-]+$")]
    removed: Annotated[int, Field(ge=0, le=2**53)]


class RecordErasureStep(Command):
    """Record that a step of a learner's erasure is done. The policy that does the steps sends it;
    what is recorded already, or is not the next step, changes nothing."""

    subject: Id
    step: Step
    receipts: Annotated[tuple[ReceiptBody, ...], Field(max_length=PLACES_MAX)]
    epoch: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    destroyed_at: Moment | None = None


def record_erasure_step(
    command: RecordErasureStep, context: Context, erasure: Erasure
) -> Iterator[Fact]:
    """Yield the next step's fact; after the last one, that the learner is erased."""
    fact = _fact(command, context.now)
    if not erasure.begun or erasure.done != STEPS.index(type(fact)):
        return
    yield fact
    if isinstance(fact, EpochKeyDestroyed):
        receipts = (*erasure.receipts, fact.receipts)
        yield SubjectErased(msgspec.structs.replace(erasure, receipts=receipts).digest)


def _fact(command: RecordErasureStep, now: datetime) -> StepFact:
    receipts = tuple(Receipt(one.place, one.removed) for one in command.receipts)
    match command.step:
        case "key-destroyed":
            return KeyDestroyed(command.epoch, command.destroyed_at or now, receipts)
        case "caches-dropped":
            return CachesDropped(receipts)
        case "rows-deleted":
            return RowsDeleted(receipts)
        case "index-purged":
            return IndexPurged(receipts)
        case "tombstones-written":
            return TombstonesWritten(receipts)
        case "epoch-key-destroyed":
            return EpochKeyDestroyed(command.epoch, receipts)
        case _:
            assert_never(command.step)


DECISION = Decision(
    name="record-erasure-step",
    model=RecordErasureStep,
    streams=of_learner,
    decide=record_erasure_step,
    example={
        "subject": "oulad-11391",
        "step": "rows-deleted",
        "receipts": [{"place": "identity.actors", "removed": 1}],
    },
)
