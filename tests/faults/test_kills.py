"""Does the log hold what was acknowledged, whatever is killed at whatever moment?"""

from __future__ import annotations

import pytest

from tests.faults.history import assert_each_once
from tests.faults.killing import KILLS, kill_under_load, place
from tests.faults.load import History, Load, Span, resend_all

KILLED = 2 * len(KILLS)
FACTS = 1_200
SEED = 5


def test_nothing_is_lost_or_doubled_and_no_history_that_differs_passes() -> None:
    """kill -9 of the server, of PostgreSQL and of its session that appends, under load; and the
    control: the same check fails for clients that were told anything else."""
    with place() as here:
        loads = kill_under_load(here, KILLED, FACTS, SEED, print)
        for load in loads:
            resend_all(here.server, load)
        assert_each_once(here.postgres.dsn, *loads)
        for otherwise in histories_that_differ(loads[-1]):
            with pytest.raises(AssertionError):
                assert_each_once(here.postgres.dsn, otherwise)


def histories_that_differ(load: Load) -> list[History]:
    """Return what clients could have been told and were not."""
    first, *_, last = sorted(load.spans, key=lambda key: load.acknowledged[key].position)
    lost, unknown, elsewhere, refused, turned = (copied(load) for _ in range(5))
    lost.acknowledged[f"{load.name}lost"] = load.acknowledged[first]
    del unknown.acknowledged[first]
    elsewhere.acknowledged[first] = load.acknowledged[last]
    refused.refused.add(first)
    turned.spans |= {last: Span(0.0, 1.0), first: Span(2.0, 3.0)}
    return [lost, unknown, elsewhere, refused, turned]


def copied(load: Load) -> History:
    """Return the same history, to be changed."""
    return History(
        load.name,
        dict(load.acknowledged),
        dict(load.spans),
        set(load.in_doubt),
        set(load.refused),
    )
