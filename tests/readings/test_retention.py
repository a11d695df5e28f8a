"""Are exactly those erased whose time has come, and never in a hurry?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from commands.requests import Cause
from domain.access import Principal
from streams.policies.clock import SteadyClock
from streams.policies.retention import SETTLED, Sweep
from streams.ports import Dispatched, Ended, EndedPage, Order

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WHY = Cause("rule-1", "rule-1")


class Kept:
    """Learners of one tenant, two a page, whose rules were changed at a time."""

    def __init__(self, changed: datetime, *ended: Ended) -> None:
        self._changed = changed
        self._ended = ended

    def settled(self, since: datetime) -> Sequence[str]:
        return ["main"] if self._changed <= since else []

    def page(self, tenant: str, after: str) -> EndedPage:
        assert tenant == "main"
        left = [one for one in self._ended if one.subject > after]
        return EndedPage(left[:2], left[1].subject if len(left) > 2 else None)


def swept(kept: Kept, clock: SteadyClock | None = None) -> list[Order]:
    """Return what one sweep sends."""
    sent: list[Order] = []

    async def dispatch(
        order: Order, principal: Principal, cause: Cause, at: datetime | None = None
    ) -> Dispatched:
        assert (principal.tenant, cause) == ("main", WHY)
        sent.append(order)
        return Dispatched("recorded")

    sweep = Sweep(kept, dispatch, clock or SteadyClock(lambda: NOW, lambda: 0.0))
    assert asyncio.run(sweep.step()) == len(sent)
    return sent


def ended(subject: str, days: int) -> Ended:
    """A learner who is kept until so many days from now."""
    return Ended(subject, NOW + timedelta(days=days), 7, WHY)


def test_those_whose_time_has_come_are_erased() -> None:
    """All pages of them, each under a key of its own."""
    kept = Kept(NOW - SETTLED, ended("a", -1), ended("b", 1), ended("c", 0), ended("d", -9))
    orders = swept(kept)
    assert [order.body["subject"] for order in orders] == ["a", "c", "d"]
    assert orders[0] == Order(
        "erase-learner", {"subject": "a", "ground": "retention-ended"}, "retention/a/7"
    )


def test_a_changed_rule_is_let_settle() -> None:
    """Whoever slipped has a week to see whom it would take."""
    assert swept(Kept(NOW - SETTLED + timedelta(seconds=1), ended("a", -1))) == []


def test_a_clock_that_jumped_erases_nobody() -> None:
    """What is gone cannot be brought back."""
    wall = [NOW - timedelta(days=400)]
    clock = SteadyClock(lambda: wall[0], lambda: 0.0)
    wall[0] = NOW
    assert swept(Kept(NOW - timedelta(days=800), ended("a", -1)), clock) == []
