"""What is asked of the pipeline, and what does it answer?"""

from __future__ import annotations

import hashlib
import os
import random
from typing import Any, NamedTuple

from commands.decision import Command, Decision
from domain.access import Principal

CLIENT_KEY_DAYS = 30

# Ids need to be unique, not secret; asking the system for each costs more than deciding.
_draw = random.Random(os.urandom(32)).getrandbits  # noqa: S311


class Cause(NamedTuple):
    """The fact because of which a policy or the scheduler sends a command."""

    id: str
    correlation_id: str


class Request(NamedTuple):
    """One command with all that belongs to it.

    ``key`` is the idempotency key as the client gave it, ``digest`` the keyed hash of the body.
    ``cause`` is the fact that a policy reacts to: the key is then derived, kept for ever, and not
    held to a digest. ``if_match`` is the version that the primary stream must have.
    """

    decision: Decision
    command: Command
    principal: Principal
    key: str | None = None
    digest: bytes = b""
    if_match: int | None = None
    cause: Cause | None = None

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


Answer = Recorded | Unchanged


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


def command_id(full_key: str | None) -> str:
    """Return the command's id: from its key where it has one, so that a retry has the same."""
    if full_key is None:
        return _version_8(f"{_draw(128):032x}")
    return _version_8(hashlib.sha256(full_key.encode()).hexdigest())


def fact_id(command: str, index: int) -> str:
    """Return the id of a command's fact: the command's own, counted on."""
    return f"{command[:24]}{(int(command[24:], 16) + 1 + index) & 0xFFFFFFFFFFFF:012x}"


def _version_8(digits: str) -> str:
    """Return a UUID of version 8 [RFC 9562] over hexadecimal digits."""
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
