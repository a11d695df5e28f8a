"""How far is the erasure of a learner, and who was erased?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.access import Principal
from domain.kernel import Envelope
from domain.privacy.facts import ErasureRequested, Receipt, SubjectErased
from domain.privacy.state import ERASURE, STEPS, Erasure
from read_api import cursors
from read_api.answers import Answer, AsOf, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound

ErasureStatus = Literal["on hold", "under way", "erased", "not asked for"]


class Step(msgspec.Struct, frozen=True):
    """A step that was done: which fact says so, when, and how much was removed at which place."""

    step: str
    position: int
    recorded_at: datetime
    receipts: tuple[Receipt, ...]


class LearnerErasure(Answer, frozen=True, kw_only=True):
    """Legal holds on a learner, and how far their erasure is. ``digest`` is over all receipts;
    ``together`` are the person's other records, each of which is erased with steps of its own."""

    subject: str
    status: ErasureStatus
    ground: str | None
    requested_at: datetime | None
    holds: list[str]
    steps: list[Step]
    steps_left: int
    digest: str | None
    together: list[str]


class ErasureRow(msgspec.Struct, frozen=True):
    """An erasure in a list."""

    subject: str
    position: int
    requested_at: datetime
    actor: str
    erased_at: datetime | None


class Erasures(Page, frozen=True, kw_only=True):
    """All erasures that were asked for, the latest first."""

    erasures: list[ErasureRow]


async def of_learner(
    deps: ReadDependencies, asking: Principal, subject: str, *, min_position: int = 0
) -> LearnerErasure:
    """Return how far it is. Raises NotFound where there is neither an erasure nor a hold."""
    await deps.reached("history", position=min_position, subject=subject)
    facts = await deps.log.streams(asking.tenant, [ERASURE.of(asking.tenant, subject).name])
    if not facts:
        raise NotFound("erasure of learner", subject)
    state = ERASURE.initial
    for fact in facts:
        state = ERASURE.evolve(state, fact.fact, fact.occurred_at)
    asked = next((one for one in facts if isinstance(one.fact, ErasureRequested)), None)
    done = [_step(one) for one in facts if isinstance(one.fact, STEPS)]
    return LearnerErasure(
        subject=subject,
        status=_status(state),
        ground=state.ground,
        requested_at=None if asked is None else asked.recorded_at,
        holds=sorted(state.holds),
        steps=done,
        steps_left=len(STEPS) - len(done),
        digest=next((f.fact.digest for f in facts if isinstance(f.fact, SubjectErased)), None),
        together=list(state.together),
        as_of=await deps.as_of(facts[-1].position),
    )


def _status(state: Erasure) -> ErasureStatus:
    if state.erased:
        return "erased"
    if state.begun:
        return "under way"
    return "not asked for" if state.ground is None else "on hold"


def _step(envelope: Envelope) -> Step:
    receipts: tuple[Receipt, ...] = envelope.fact.receipts  # type: ignore[attr-defined]
    return Step(envelope.type, envelope.position, envelope.recorded_at, receipts)


async def erasures(
    deps: ReadDependencies,
    asking: Principal,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Erasures:
    """Return a page of erasures. Raises BadParameter."""
    before = cursors.decode(after, "erasures", (int,))[0] if after is not None else 2**63 - 1
    async with deps.snapshot(asking.tenant, "history", min_position=min_position) as snapshot:
        rows = await snapshot.rows(
            """select h.subject, h.position, h.recorded_at as requested_at, h.actor,
                      e.recorded_at as erased_at
               from views.history h left join lateral (
                 select recorded_at from views.history s
                 where s.subject = h.subject and s.position > h.position
                   and s.type = 'SubjectErased' order by s.position limit 1) e on true
               where h.type = 'ErasureRequested' and h.position < %(before)s
               order by h.position desc limit %(limit)s""",
            before=before,
            limit=limit + 1,
        )
    found, last = cursors.cut(rows, limit)
    return Erasures(
        erasures=[ErasureRow(**row) for row in found],
        next=cursors.encode("erasures", (last["position"],)) if last else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )
