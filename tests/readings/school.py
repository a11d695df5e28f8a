"""A little institution in memory, in which time passes: the scheduler sends what falls due.

Commands decide as they do in the product, and what they decide is followed; the scheduler and its
due list are the product's, the log is a list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from commands.requests import Cause
from domain.access import Principal
from domain.catalogue.facts import Category, Cutoff, LatePolicy, WeightedPolicy
from domain.due import NotDue
from domain.grading.facts import MissingWorkCleared, MissingWorkScored
from domain.kernel import Fact
from infra.stores.due_memory import MemoryDue
from projections.due import DUE
from streams.policies.clock import SteadyClock
from streams.policies.scheduler import Scheduler
from streams.ports import Dispatched, Order
from tests.given import LEARNER, TENANT, Placed, Record, day, placed
from tests.readings.recorded import Recorded

WEIGHTED = WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),))
PASS = {
    "categories": [{"name": "TMA", "weight": 1}],
    "cutoffs": [{"letter": "Pass", "percent": 40}],
}
"""The body of such a policy."""
NOTHING = LatePolicy(missing="100")
"""Missing work is worth nothing."""
ENROL = {**LEARNER, "mode": "audit"}
ITEM = {**LEARNER, "item": "q1"}


class School:
    """A little institution whose scheduler follows what it decides."""

    def __init__(self, *facts: Fact) -> None:
        self.now = day(0, 0)
        self.record, self.log, self.due = Record(), Recorded(), MemoryDue(DUE, lambda: self.now)
        self.keys: set[str] = set()
        self.take(*(placed(fact, at=self.now) for fact in facts))
        clock = SteadyClock(lambda: self.now, lambda: (self.now - day(0, 0)).total_seconds())
        self.scheduler = Scheduler(self.due, self, self.dispatch, clock)
        self.step()

    async def active_at(self, _tenant: str, _run: str, _position: int) -> Sequence[str]:
        streams = ((name, name.split("/")) for name in self.record.states)
        return [
            ids[3]
            for name, ids in streams
            if ids[1] == "enrolment" and self.record.states[name].active
        ]

    async def dispatch(
        self, order: Order, _principal: Principal, _cause: Cause, _at: datetime | None = None
    ) -> Dispatched:
        if order.key in self.keys:
            return Dispatched("unchanged")
        try:
            decided = self.record.decide(order.command, dict(order.body), self.now)
        except NotDue as refusal:
            return Dispatched("refused", refusal.rule, refusal.due)
        self.keys.add(order.key)
        self.record.take(*decided)
        self.follow(*decided)
        return Dispatched("recorded" if decided else "unchanged")

    def take(self, *facts: Placed) -> None:
        self.record.take(*facts)
        self.follow(*facts)

    def follow(self, *facts: Placed) -> None:
        for one in facts:
            envelope = self.log.add(one.stream.removeprefix(f"{TENANT}/"), one.fact, at=one.at)
            self.due.take(envelope)

    def send(self, command: str, **body: Any) -> tuple[Fact, ...]:
        answer = self.record.when(command, self.now, **body)
        assert answer.refusal is None, answer.refusal
        self.follow(*answer.decided)
        self.step()
        return answer.facts

    def step(self) -> None:
        asyncio.run(self.scheduler.step())

    def on(self, at: datetime) -> None:
        self.now = at
        self.step()

    def scored(self) -> list[tuple[datetime, Fact]]:
        said = MissingWorkScored | MissingWorkCleared
        return [(one.at, one.fact) for one in self.record.history if isinstance(one.fact, said)]


def missing(due: datetime) -> MissingWorkScored:
    return MissingWorkScored("q1", "0", "10", due, "100", 1)


def just_after(due: datetime) -> datetime:
    return due + timedelta(microseconds=1)
