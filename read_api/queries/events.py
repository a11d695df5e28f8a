"""What happens, as it happens?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from domain.access import Principal
from domain.kernel import Envelope
from read_api import cursors
from read_api.asof import run_of
from read_api.dependencies import ReadDependencies
from read_api.personal import without_personal
from read_api.ports import Selection

WINDOW_POSITIONS = 5_000
"""How many positions are searched for selected facts in one go."""
WINDOWS_MAX = 40
"""How many such stretches one page looks through before it answers with what it has."""
STREAM_FACTS_MAX = 500
"""Facts read ahead for one subscriber; the next are read when these are taken off its hands."""
HEARTBEAT_SECONDS = 15.0
SEQUENCE_DIGITS = 19
"""As many as the largest position has, so that sequences sort as text [CloudEvents sequence]."""

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
    found: list[Envelope] = []
    through = after
    for _ in range(WINDOWS_MAX):
        wanted = limit - len(found)
        window = await deps.log.window(asking.tenant, through, WINDOW_POSITIONS, wanted, selection)
        found += window.facts
        ended, through = window.through < through + WINDOW_POSITIONS, window.through
        if ended or len(found) == limit:
            break
    head = (await deps.log.head()).position
    return Events(
        events=[cloud_event(fact) for fact in found],
        through=through,
        next=cursors.encode("events", (through,)) if through < head else None,
    )


async def follow(
    deps: ReadDependencies, asking: Principal, after: int, selection: Selection
) -> AsyncIterator[Sequence[Envelope]]:
    """Yield what is selected, in order and without gaps, as it is recorded; nothing (an empty
    sequence) at least every HEARTBEAT_SECONDS. Never ends by itself."""
    through = after
    while True:
        window = await deps.log.window(
            asking.tenant, through, WINDOW_POSITIONS, STREAM_FACTS_MAX, selection
        )
        moved, through = window.through > through, window.through
        if window.facts:
            yield window.facts
        elif not moved and not await deps.log.wait(through, HEARTBEAT_SECONDS):
            yield ()


def cloud_event(envelope: Envelope) -> dict[str, Any]:
    """Tell a fact to the outside (CloudEvents 1.0 with the sequence and partitioning extensions).
    Attributes that have no value are left out."""
    run = run_of(envelope)
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": f"/registrar/{envelope.tenant}",
        "type": f"registrar.{envelope.type}.v{envelope.schema}",
        "subject": envelope.subject,
        "time": envelope.occurred_at,
        "datacontenttype": "application/json",
        "sequence": f"{envelope.position:0{SEQUENCE_DIGITS}}",
        "partitionkey": envelope.subject or run or envelope.stream,
        "recordedtime": envelope.recorded_at,
        "stream": envelope.stream,
        "streamversion": envelope.version,
        "run": run,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "data": without_personal(envelope),
    }
    return {name: value for name, value in attributes.items() if value is not None}
