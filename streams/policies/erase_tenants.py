"""How is a tenant forgotten, learner by learner, whatever crashes in between?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from commands.requests import Cause
from domain.access import Principal, Role
from domain.kernel import Envelope
from domain.tenants.facts import (
    TenantErasureBegun,
    TenantErasureRequested,
    TenantLearnersErased,
)
from projections.ports import StoreUnavailable
from streams.policies.leaving import Leaves
from streams.ports import Dispatch, Dispatched, Order

HELD_TOLD_MAX = 100
IN_FLIGHT_MAX = 64
"""Erasures of learners that are asked for at a time."""
CLOSED_SECONDS = 5.0
"""So long after a tenant was closed a command may still come through that was under way."""
WAIT_SECONDS_MAX = 5.0
"""So long it is waited for them before the follower looks whether it is to stop."""
POLL_SECONDS = 0.2


class EraseTenants:
    """Has every learner of a tenant erased, each as ``EraseLearners`` does it, and then deletes
    what leads to the tenant's people. Each step wakes the next and is recorded once, under a key
    derived from the fact before it; a step that was cut off finds less to do."""

    name = "erase-tenants"
    facts = frozenset(
        cls.__name__ for cls in (TenantErasureRequested, TenantErasureBegun, TenantLearnersErased)
    )

    def __init__(self, leaves: Leaves, dispatch: Dispatch) -> None:
        self._leaves = leaves
        self._dispatch = dispatch

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Do what follows from a step, and order that it be recorded."""
        body = {**await self._do(cause), "occurred_at": datetime.now(UTC)}
        return (Order("record-tenant-erasure", body, f"tenant/{cause.id}"),)

    async def _do(self, cause: Envelope) -> Mapping[str, Any]:
        match cause.fact:
            case TenantErasureRequested(tenant=tenant):
                held = await self._leaves.held(tenant)
                if not held:
                    return {"tenant": tenant, "step": "begun"}
                first = sorted(held)[:HELD_TOLD_MAX]
                told = [{"subject": subject, "holds": held[subject]} for subject in first]
                return {"tenant": tenant, "step": "held", "learners": len(held), "held": told}
            case TenantErasureBegun(tenant=tenant, ground=ground, again=again):
                await self._leaves.enter(tenant, cause.id, ground)
                if again:  # holds were lifted before it first began
                    kept = sorted(await self._leaves.held(tenant))
                    await self._send(cause, tenant, kept, ground, "repeat-erasure")
                learners = await self._erase(cause, tenant, ground)
                return {"tenant": tenant, "step": "learners-erased", "learners": learners}
            case TenantLearnersErased(tenant=tenant, ground=ground):
                left = cause.recorded_at + timedelta(seconds=CLOSED_SECONDS) - datetime.now(UTC)
                await asyncio.sleep(min(max(0.0, left.total_seconds()), CLOSED_SECONDS))
                learners = await self._erase(cause, tenant, ground)
                removed = await self._leaves.forget(tenant)
                receipts = [{"place": place, "removed": n} for place, n in removed.items()]
                done = {"learners": learners, "receipts": receipts}
                return {"tenant": tenant, "step": "erased", **done}
            case _:
                raise TypeError(f"no step follows from {cause.type}")

    async def _erase(self, cause: Envelope, tenant: str, ground: str) -> int:
        """Return how many learners are erased, once that is all of them. Raises StoreUnavailable
        while some are not."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
        while True:
            while unasked := await self._leaves.unasked(tenant):
                await self._ask(cause, tenant, unasked, ground)
            progress = await self._leaves.progress(tenant)
            if progress.left == 0:
                return progress.erased
            if asyncio.get_running_loop().time() > deadline:
                raise StoreUnavailable(f"{progress.left} learners of {tenant} are not erased yet")
            await asyncio.sleep(POLL_SECONDS)

    async def _ask(
        self, cause: Envelope, tenant: str, subjects: Sequence[str], ground: str
    ) -> None:
        """Ask for their erasures: a record that was merged into another goes with that one. Raises
        StoreUnavailable where nothing came of it."""
        answers = await self._send(cause, tenant, subjects, ground, "erase-learner")
        if not any(answer.status == "recorded" for answer in answers):
            rules = {answer.rule for answer in answers if answer.rule}
            told = ", ".join(sorted(rules)) or "nothing changes"
            raise StoreUnavailable(f"learners of {tenant} cannot be erased: {told}")

    async def _send(
        self, cause: Envelope, tenant: str, subjects: Sequence[str], ground: str, command: str
    ) -> Sequence[Dispatched]:
        """Return what came of a command for each of them."""
        who = Principal(f"policy:{self.name}", tenant, "policy", frozenset({Role.POLICY}))
        because = Cause(cause.id, cause.correlation_id)
        answers: list[Dispatched] = []
        for first in range(0, len(subjects), IN_FLIGHT_MAX):
            sent = (
                self._dispatch(
                    Order(command, {"subject": one, "ground": ground}, f"{cause.id}/{one}"),
                    who,
                    because,
                )
                for one in subjects[first : first + IN_FLIGHT_MAX]
            )
            answers += await asyncio.gather(*sent)
        return answers
