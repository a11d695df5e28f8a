"""What does the console need to send commands?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from domain.access import Principal


class ToSend(NamedTuple):
    """A command, its body and its idempotency key."""

    name: str
    body: Mapping[str, Any]
    key: str


class Sent(NamedTuple):
    """What came of a command: why it was not taken, or the position that it reached."""

    fault: str | None
    position: int = 0


class Sender(Protocol):
    """Has commands transacted for the forms of the console."""

    async def send(self, asking: Principal, commands: Sequence[ToSend]) -> Sequence[Sent]:
        """Send them in order, as whoever asks; none where one of them cannot be taken at all.

        Raises NotStrong.
        """
