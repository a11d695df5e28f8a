"""How is a personal field opened for an answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.held_keys import HeldKeys
from commands.ports import Keys, KeysUnavailable
from read_api.ports.keys import KeyDestroyed, KeysAway, Sealed


class KeyOpener:
    """Implements ``read_api.ports.keys.Opener`` over the store of keys, asked once for what is
    opened of a learner within seconds."""

    def __init__(self, keys: Keys) -> None:
        self._held = HeldKeys(keys.existing)
        self._made = HeldKeys(keys.for_subjects)

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[Sealed]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each; None: no key."""
        return (await self.open_many(tenant, {subject: sealed}))[subject]

    async def open_many(
        self, tenant: str, sealed: Mapping[str, Sequence[Sealed]]
    ) -> Mapping[str, Sequence[bytes | None]]:
        """Return the JSON bytes of each, by subject; None: no key."""
        lacking = [subject for subject in sealed if self._held.get(tenant, subject) is None]
        if lacking:
            await self._held.fetch(tenant, lacking)
        return {subject: self._opened(tenant, subject, of) for subject, of in sealed.items()}

    async def seal(self, tenant: str, subject: str, place: tuple[str, str], plain: bytes) -> str:
        """Return what ``open`` takes; a subject who has no key yet is given one."""
        key = self._made.get(tenant, subject)
        if key is None:
            await self._made.fetch(tenant, [subject])
            key = self._made.get(tenant, subject)
        if key is None:
            why = self._made.why_none(tenant, subject)
            if isinstance(why, KeysUnavailable):
                raise KeysAway(str(why)) from why
            raise KeyDestroyed(subject)
        return key.seal(plain, "/".join(place).encode())

    def _opened(
        self, tenant: str, subject: str, sealed: Sequence[Sealed]
    ) -> Sequence[bytes | None]:
        key = self._held.get(tenant, subject)
        if key is None:
            why = self._held.why_none(tenant, subject)
            if isinstance(why, KeysUnavailable):
                raise KeysAway(str(why)) from why
            return [None] * len(sealed)
        return [key.open(text, f"{fact}/{field}".encode()) for fact, field, text in sealed]
