"""How does any process ask the one that runs the readings for something?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

Action = Literal["rebuild", "retry"]


class Request(NamedTuple):
    """A wish of an operator about one reading, open until the runner has fulfilled it."""

    number: int
    name: str
    action: Action


class ReadingRequests(Protocol):
    """How any process asks the one that runs the readings for something."""

    def ask(self, name: str, action: Action) -> Request:
        """Leave a request; one that is open already is returned and not doubled."""

    def asked(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""

    def done(self, request: Request, result: str) -> None:
        """Close a request with a sentence on what came of it."""

    def result(self, request: Request) -> str | None:
        """Return that sentence, or None while the request is open."""
