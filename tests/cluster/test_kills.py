"""Is a fact lost or counted twice when those who carry it are killed under load?"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from infra.supervisor.child import Child
from tests.cluster.kept import back, hit
from tests.cluster.processes import Cluster
from tests.cluster.settling import settle
from tests.cluster.truth import Truth
from tests.faults.load import Load
from tests.server import eventually

CATCH_UP_SECONDS_MAX = 15.0
GO_ON_SECONDS_MAX = 20.0
REST_SECONDS = 0.2
COMMANDS_A_ROUND = 20
ROUNDS = (
    ("work progress", "work search", "relay", "commands"),
    ("work analytics", "work history", "relay", "commands", "follow"),
    ("work small", "work progress", "relay", "commands"),
    ("work progress", "work search", "relay", "commands", "queries"),
    ("work small", "work analytics", "relay", "commands", "follow"),
)
"""Who is killed at a time: 10 workers in all, the leading relay and the command API 5 times."""
ASKED = ("work progress", "work search", "relay", "follow", "commands", "queries")
"""Who is asked to end, all at once."""


def victim(running: Cluster, name: str) -> Child:
    """Return who is meant: of relays and followers the one that leads."""
    alone = {"commands": running.command_api, "queries": running.query_api}
    several = {"relay": running.relays, "follow": running.followers}
    if name in alone:
        return alone[name]
    if name not in several:
        return running.workers[name.removeprefix("work ")]
    leader: Child = eventually(
        lambda: next((one for one in several[name] if one.doing.startswith("leads")), None),
        GO_ON_SECONDS_MAX,
        f"one {name} leads",
    )
    return leader


def strike(running: Cluster, load: Load, names: Sequence[str], number: signal.Signals) -> None:
    """Send a signal to several at once, and wait until they are back by themselves and all that was
    recorded has reached every reading."""
    struck = [(one, hit(one, number)) for one in [victim(running, name) for name in names]]
    for one, restarts in struck:
        back(one, restarts)
    load.go_on(COMMANDS_A_ROUND, GO_ON_SECONDS_MAX)
    running.reach(running.head(), CATCH_UP_SECONDS_MAX)


def test_who_carries_facts_is_killed_under_load(running: Cluster) -> None:
    """All come back by themselves and catch up, each fact counts once, and nobody says that all is
    well while facts wait. Who is asked to end instead does so in order."""
    with Truth(running) as truth, Load(running.commands, "kill", rest_seconds=REST_SECONDS) as load:
        for names in ROUNDS:
            strike(running, load, names, signal.SIGKILL)
        known = len(running.keeper.ends)
        strike(running, load, ASKED, signal.SIGTERM)
        ends = dict(reversed(running.keeper.ends[known:]))
        in_order = [name for name, said in ends.items() if said.startswith("ended with 0")]
        assert len(in_order) == len(ASKED), ends
    assert truth.lies == []
    settle(running, load)
