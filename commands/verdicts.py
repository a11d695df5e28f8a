"""What can come of deciding one command?"""

from __future__ import annotations

from asyncio import Future
from typing import Any, NamedTuple

from commands.ports import Append, Outcome
from domain.kernel import Envelope, StreamRef


class Needs(NamedTuple):
    """The command cannot be decided before these streams and keys are here."""

    streams: dict[str, StreamRef[Any]]
    keys: tuple[tuple[str, str], ...]
    refs: tuple[StreamRef[Any], ...]


class Declined(NamedTuple):
    """Nothing to record: a refusal, a stale ``If-Match``, or (None) it is so already.

    It rests on appends that are not yet recorded, and on ``versions`` of the other streams.
    ``version`` is that of the primary stream.
    """

    error: Exception | None
    refs: tuple[StreamRef[Any], ...]
    version: int
    versions: dict[str, int]
    rests_on: tuple[Future[Outcome], ...]


class Decided(NamedTuple):
    """Facts to record, what they rest on, and the states of the streams after them."""

    append: Append
    rests_on: tuple[Future[Outcome], ...]
    refs: tuple[StreamRef[Any], ...]
    after: dict[str, tuple[Any, int]]
    envelopes: tuple[Envelope, ...]
    version: int
    extra: dict[str, Any]
