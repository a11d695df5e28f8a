"""Keys of subjects in memory, for tests and trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.ports import KeysUnavailable
from infra.keys.sealing import AesGcmKey, new_key


class MemoryKeys:
    """Implements ``commands.ports.Keys`` without a store: gone with the process."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], AesGcmKey | None] = {}
        self._secret = new_key()
        self.away = False

    async def for_subjects(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return their keys, made where there were none."""
        for subject in subjects:
            self._keys.setdefault((tenant, subject), AesGcmKey(new_key()))
        return await self.existing(tenant, subjects)

    async def existing(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return the keys there are."""
        if self.away:
            raise KeysUnavailable("the store of keys is away")
        wanted = {subject: self._keys.get((tenant, subject)) for subject in subjects}
        return {subject: key for subject, key in wanted.items() if key is not None}

    def destroy(self, tenant: str, subject: str) -> None:
        """Destroy a subject's key for good."""
        self._keys[tenant, subject] = None

    async def digest_secret(self) -> bytes:
        """Return the secret that request bodies are digested with."""
        return self._secret
