"""What happens, as it happens?"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import Principal
from read_api import cursors
from read_api.dependencies import ReadDependencies
from read_api.ports import Selection


class Events(msgspec.Struct, frozen=True):
    """Events (CloudEvents 1.0, structured), in order. ``through`` is the position that all up to
    has been looked at: go on after it."""

    events: list[dict[str, Any]]
    through: int
    next: str | None


async def events(
    deps: ReadDependencies,
    asking: Principal,
    *,
    after: int = 0,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    selection: Selection = Selection(),  # noqa: B008 - a tuple
) -> Events:
    """Return the events that follow a position, personal fields left out."""
    raise NotImplementedError
