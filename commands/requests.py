"""What is asked of the pipeline, and what does it answer?"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, NamedTuple

from commands.decision import Command, Decision
from domain.access import Principal
from domain.kernel import Envelope

KEY_NAMESPACE = uuid.UUID("6f1d9a52-6f0e-5b4e-9c57-2f5f0a6b1c11")
CLIENT_KEY_DAYS = 30


class Request(NamedTuple):
    """One command with all that belongs to it.

    ``key`` is the idempotency key as the client gave it, ``digest`` the keyed hash of the body.
    ``cause`` is the fact that a policy reacts to: its key is then derived, kept for ever, and not
    held to a digest. ``if_match`` is the version that the primary stream must have.
    """

    decision: Decision
    command: Command
    principal: Principal
    key: str | None = None
    digest: bytes = b""
    if_match: int | None = None
    cause: Envelope | None = None

    @property
    def full_key(self) -> str | None:
        """The key as the log keeps it: it belongs to tenant, client and command."""
        if self.key is None:
            return None
        who = self.principal
        return f"{who.tenant}/{who.client}/{self.decision.name}/{self.key}"


class FactSummary(NamedTuple):
    """A recorded fact as an answer names it."""

    id: str
    type: str
    position: int
    stream: str
    version: int


class Recorded(NamedTuple):
    """The command's facts stand in the log, up to ``position``.

    ``version`` is that of the primary stream; ``replayed``: the key had been used, and this is the
    first answer again.
    """

    position: int
    version: int
    facts: tuple[FactSummary, ...]
    extra: dict[str, Any]
    replayed: bool = False


class Unchanged(NamedTuple):
    """It is so already; ``position`` is the head that this was confirmed at."""

    position: int
    version: int


class KeyReused(Exception):
    """The idempotency key was used with another body."""


class KeyBusy(Exception):
    """Another request with this idempotency key is still running."""


class StaleVersion(Exception):
    """The primary stream is not at the version that ``If-Match`` names."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected version {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class Contended(Exception):
    """Others kept changing what the decision rests on; it may be sent again."""


def command_id(request: Request) -> str:
    """Return the command's id: from its key where it has one, so that a retry has the same."""
    key = request.full_key
    return str(uuid.uuid4() if key is None else uuid.uuid5(KEY_NAMESPACE, key))


def fact_id(command: str, index: int) -> str:
    """Return the id of a command's fact: a UUID of version 8 over both."""
    digest = hashlib.sha256(f"{command}/{index}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
