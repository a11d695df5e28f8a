"""How is a personal field opened for an answer?"""

from __future__ import annotations

from collections.abc import Sequence

from commands.held_keys import HeldKeys
from commands.ports import Keys, KeysUnavailable
from read_api.ports import KeysAway


class KeyOpener:
    """Implements ``read_api.ports.Opener`` over the store of keys, which is asked once for what is
    opened of a learner within seconds."""

    def __init__(self, keys: Keys) -> None:
        self._held = HeldKeys(keys.existing)

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[tuple[str, str, str]]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each (fact id, field name, sealed text); None: no key."""
        key = self._held.get(tenant, subject)
        if key is None:
            await self._held.fetch(tenant, [subject])
            key = self._held.get(tenant, subject)
        if key is None:
            why = self._held.why_none(tenant, subject)
            if isinstance(why, KeysUnavailable):
                raise KeysAway(str(why)) from why
            return [None] * len(sealed)
        return [key.open(text, f"{fact}/{field}".encode()) for fact, field, text in sealed]
