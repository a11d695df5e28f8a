"""What happened to a learner, in words?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api import cursors
from read_api.answers import NOW, Moment, Page
from read_api.dependencies import ReadDependencies


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a learner's history: both times, who, and a sentence for a person.
    ``data`` is the payload, personal fields left out."""

    position: int
    id: str
    type: str
    run: str | None
    item: str | None
    stream: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    sentence: str
    data: dict[str, Any]


class History(Page, frozen=True, kw_only=True):
    """A learner's facts, oldest or newest first."""

    subject: str
    facts: list[Entry]


async def history(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    newest_first: bool = False,
    types: Sequence[str] | None = None,
    run: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    moment: Moment = NOW,
    min_position: int = 0,
) -> History:
    """Return a page of a learner's history; ``after`` is a cursor. Raises NotFound (nothing at all
    is recorded of this learner by that moment) and BadParameter."""
    raise NotImplementedError
