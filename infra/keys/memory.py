"""Keys of subjects in memory, for tests and trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.keys.sealing import AesGcmKey, new_key


class MemoryKeys:
    """Implements ``commands.ports.Keys`` without a store: gone with the process."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], AesGcmKey] = {}
        self._secret = new_key()

    async def for_subjects(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return their keys, made where there were none."""
        return {
            subject: self._keys.setdefault((tenant, subject), AesGcmKey(new_key()))
            for subject in subjects
        }

    async def existing(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return the keys there are."""
        wanted = {subject: self._keys.get((tenant, subject)) for subject in subjects}
        return {subject: key for subject, key in wanted.items() if key is not None}

    async def digest_secret(self) -> bytes:
        """Return the secret that request bodies are digested with."""
        return self._secret
