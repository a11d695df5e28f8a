"""What exactly is recorded at a position, and how does it hang together with the rest?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api.answers import Answer
from read_api.dependencies import ReadDependencies


class Link(msgspec.Struct, frozen=True):
    """Another fact that this one hangs together with."""

    position: int
    id: str
    type: str
    sentence: str


class RecordedFact(Answer, frozen=True, kw_only=True):
    """One fact: envelope, payload, a sentence, what caused it, what it caused, and what the same
    command recorded beside it. Personal fields in ``data`` are opened where the asker has the
    right."""

    position: int
    recorded_at: datetime
    version: int
    stream: str
    id: str
    type: str
    schema: int
    occurred_at: datetime
    tenant: str
    subject: str | None
    run: str | None
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    sentence: str
    data: dict[str, Any]
    cause: Link | None
    consequences: list[Link]
    together: list[Link]


async def fact(deps: ReadDependencies, asking: Principal, position: int) -> RecordedFact:
    """Return the fact at a position. Raises NotFound."""
    raise NotImplementedError
