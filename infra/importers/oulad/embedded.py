"""How does a replay reach the product in its own process?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.wire import batch_body, read_answers


class EmbeddedSender:
    """Sends batches to what answers ``POST /v1/commands``, without HTTP: bytes in, bytes out."""

    def __init__(self, batch: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._batch = batch

    async def send(self, commands: Sequence[Sendable]) -> Sequence[Answer]:
        """Send one batch."""
        return read_answers(await self._batch(batch_body(commands)), len(commands))
