"""What happens, as it happens?"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import Principal
from projections.cloudevents import structured
from read_api import cursors
from read_api.dependencies import ReadDependencies
from read_api.ports.log import Selection
from read_api.queries.consents import agreed

WINDOW_POSITIONS = 5_000
"""How many positions are searched for selected facts in one go."""
WINDOWS_MAX = 40
"""How many such stretches one page looks through before it answers with what it has."""
ALL = Selection()


class Events(msgspec.Struct, frozen=True):
    """Events (CloudEvents 1.0, structured), in order.

    Everything up to position ``through`` has been looked at. ``next`` is None where that is the end
    of the log for now; ask again ``after`` it later.
    """

    events: list[dict[str, Any]]
    through: int
    next: str | None


async def events(
    deps: ReadDependencies,
    asking: Principal,
    *,
    after: int = 0,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    selection: Selection = ALL,
) -> Events:
    """Return the events that follow a position, personal fields left out."""
    found: list[dict[str, Any]] = []
    through = after
    for _ in range(WINDOWS_MAX):
        wanted = limit - len(found)
        window = await deps.log.window(asking.tenant, through, WINDOW_POSITIONS, wanted, selection)
        facts = window.facts
        if selection.purpose is not None:
            facts = await agreed(deps, asking.tenant, facts, selection.purpose)
        found += [structured(fact, window.epoch) for fact in facts]
        ended, through = window.through < through + WINDOW_POSITIONS, window.through
        if ended or len(found) == limit:
            break
    head = await deps.log.head()
    return Events(
        events=found,
        through=through,
        next=cursors.encode("events", (head.epoch, through)) if through < head.position else None,
    )
