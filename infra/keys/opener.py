"""How is a personal field opened for an answer?"""

from __future__ import annotations

from collections.abc import Sequence

from commands.ports import Keys, LogUnavailable
from projections.ports import StoreUnavailable


class KeyOpener:
    """Implements ``read_api.ports.Opener`` over the store of keys."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[tuple[str, str, str]]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each (fact id, field name, sealed text); None: no key."""
        try:
            key = (await self._keys.existing(tenant, [subject])).get(subject)
        except LogUnavailable as error:
            raise StoreUnavailable(str(error)) from error
        if key is None:
            return [None] * len(sealed)
        return [key.open(text, f"{fact}/{field}".encode()) for fact, field, text in sealed]
