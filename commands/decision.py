"""What is a command, and what does deciding one need?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from commands.fields import Id as Id
from commands.fields import Moment
from domain.access import Principal
from domain.kernel import Fact, StreamRef

CHAIN_STREAMS_MAX = 100
"""Streams that one decision follows from state to state."""


class Command(BaseModel):
    """The body of ``POST /v1/commands/{name}``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    occurred_at: Moment | None = Field(
        default=None,
        description="When it happened, if not now. Only a trusted importer may state it; "
        "course rules then judge by this time, and the log keeps both times.",
    )


def unmarked(_value: Any) -> str:
    """Stand in where a decision marks no values."""
    raise TypeError("a decision that marks values says so")


class Context(NamedTuple):
    """What a decision may know beside state: the time to judge by (UTC), and who asks.

    ``mark(value)`` is what ``Personal.mark`` holds of a value, where the decision ``marks``.
    """

    now: datetime
    principal: Principal
    mark: Callable[[Any], str] = unmarked


class Elsewhere(NamedTuple):
    """A fact for another of the command's streams than the first of the fact's kind."""

    stream: StreamRef[Any]
    fact: Fact


class Decision(NamedTuple):
    """A command's name, body, streams and rule, tied together.

    ``streams(command, tenant)`` names the streams that the decision reads, the primary one first
    (its version is the answer's ETag). ``decide(command, context, *states)`` takes their states in
    the same order and yields the facts to record, or raises a Refusal; nothing yielded: it is so
    already. A fact goes to the first of the streams whose kind holds its class. Every stream read
    must not have moved when the facts are recorded, but for the kinds in ``unconditioned``.
    ``answer(facts)`` adds the ids that the caller needs to the answer.
    ``more(command, tenant, *states)`` names further streams that only those states could tell;
    their states follow the first ones. ``onward(tenant, state)`` names the stream that the last
    one's state leads on to, and so on until it names none, one that is read already, or
    ``CHAIN_STREAMS_MAX`` were followed; their states come last.
    ``marks``: it needs the key of the primary stream's subject, to tell whether a personal value is
    the same again. ``known_only``: a client who sends it about a subject of whom nothing is known
    is refused.
    """

    name: str
    model: type[Command]
    streams: Callable[[Any, str], tuple[StreamRef[Any], ...]]
    decide: Callable[..., Iterable[Fact | Elsewhere]]
    example: dict[str, Any]
    unconditioned: frozenset[str] = frozenset()
    answer: Callable[[tuple[Fact, ...]], dict[str, Any]] = lambda _facts: {}
    more: Callable[..., tuple[StreamRef[Any], ...]] = lambda _command, _tenant, *_states: ()
    onward: Callable[[str, Any], StreamRef[Any] | None] = lambda _tenant, _state: None
    marks: bool = False
    known_only: bool = False

    def onwards(
        self, tenant: str, refs: Sequence[StreamRef[Any]], state: Any
    ) -> StreamRef[Any] | None:
        """Return the stream that the last one's state leads on to, if that is to be read."""
        ref = self.onward(tenant, state)
        if ref is None or len(refs) > CHAIN_STREAMS_MAX or any(ref.name == r.name for r in refs):
            return None
        return ref
