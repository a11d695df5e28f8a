"""Is nothing lost in a hundred kills and twenty power cuts? ``python -m tests.faults.long``

Takes long; prints what it has done so far. 0: the log holds what was acknowledged, once.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

from tests.faults import cutting, killing, power
from tests.faults.history import assert_each_once
from tests.faults.load import Load, send, told
from tests.server import Server

KILLS, FACTS, CUTS, COMMANDS_PER_CUT = 100, 1_000_000, 20, 1_000
RESENT_MAX = 20_000
"""Of the commands that were acknowledged, so many are sent once more."""


def main() -> int:
    """Run both, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help="kill -9 so many times")
    parser.add_argument("--facts", type=int, default=FACTS, help="acknowledged between the kills")
    parser.add_argument("--cuts", type=int, default=CUTS, help="cut the power so many times")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))  # noqa: S311
    given = parser.parse_args()
    say = _teller()
    say(f"seed {given.seed}")
    if given.kills:
        with killing.place() as killed:
            loads = killing.kill_under_load(killed, given.kills, given.facts, given.seed, say)
            _check(killed.server, killed.postgres.dsn, loads, given.seed, say)
    if given.cuts and (lacking := power.missing()):
        say(f"no power cuts: they are only for {lacking}")
    elif given.cuts:
        with cutting.place({}) as cut:
            loads = cutting.cut_under_load(cut, given.cuts, COMMANDS_PER_CUT, say)
            _check(cut.server, cut.disk.postgres.dsn, loads, given.seed, say)
    return 0


def _check(
    server: Server, dsn: str, loads: Sequence[Load], seed: int, say: Callable[[str], None]
) -> None:
    """Send again what is in doubt and some of the rest; then hold the log against all."""
    chance = random.Random(seed)  # noqa: S311
    known = [(load, key) for load in loads for key in load.acknowledged]
    doubtful = [(load, key) for load in loads for key in load.in_doubt]
    for load, key in doubtful + chance.sample(known, min(RESENT_MAX, len(known))):
        status, _, body = send(server.port, key, load.run)
        assert status in (200, 201), (key, body)
        assert told(body) == load.acknowledged.setdefault(key, told(body)), key
        load.in_doubt.discard(key)
    assert_each_once(dsn, *loads)
    say(f"{sum(load.facts for load in loads):,} acknowledged facts: none lost, none twice")


def _teller() -> Callable[[str], None]:
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:8.0f} s  {what}", flush=True)  # noqa: T201

    return say


if __name__ == "__main__":
    sys.exit(main())
