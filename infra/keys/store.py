"""How do subjects get their keys, and how are keys destroyed for good?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from commands.ports import KeysUnavailable
from infra.keys.ports import (
    EpochKeyGone,
    EpochKeys,
    Erased,
    ErasedTenant,
    KeyRows,
    Wrapped,
    WrongKeyStore,
)
from infra.keys.sealing import AesGcmKey, new_key

EPOCH_DAYS_MAX = 30
REWRAP_PAGE = 1_000
TRIES_MAX = 5
"""How often a key is read again because its epoch ended meanwhile."""
DIGEST = ("", "digest")
"""What the secret that request bodies are digested with is kept as: nobody's key."""


class Rotated(NamedTuple):
    """A new epoch began: so many keys were wrapped anew, and these epochs' keys were destroyed."""

    epoch: int
    rewrapped: int
    destroyed: tuple[int, ...]


class KeyStore:
    """Implements ``commands.ports.Keys``: wrapped keys in a database, the keys of epochs apart.

    ``open`` comes first. Processes may share one; each call may come from any thread.
    """

    def __init__(self, rows: KeyRows, epochs: EpochKeys) -> None:
        self._rows = rows
        self._epochs = epochs
        self._wanted: dict[str, dict[str, None]] = {}
        self._making: asyncio.Future[dict[tuple[str, str], bytes]] | None = None
        self._rotating = threading.Lock()

    def open(self) -> str:
        """Have the store ready, and return its name.

        Raises KeysUnavailable, and WrongKeyStore where keys are wrapped in an epoch whose key was
        destroyed: then the database is an old copy.
        """
        name = self._rows.open()
        epoch, _ = self._rows.epoch()
        if epoch == 0:
            self._epochs.make(1)
            self._rows.begin(1)
        gone = sorted(set(self._rows.epochs_used()) - set(self._epochs.epochs()))
        if gone:
            raise WrongKeyStore(
                f"keys are wrapped in epoch {gone[0]}, whose key is not here: the database of keys "
                "is an older copy, or the folder of epoch keys another one; restore what belongs "
                "together"
            )
        return name

    def close(self) -> None:
        """Let the database go."""
        self._rows.close()

    async def for_subjects(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return their keys, made and durable before this answers where there were none."""
        found = await asyncio.to_thread(self._read, tenant, subjects)
        lacking = sorted(set(subjects) - set(found))
        if lacking:
            made = await self._together(tenant, lacking)
            found |= {subject: made.get((tenant, subject)) for subject in lacking}
        return {subject: AesGcmKey(key) for subject, key in found.items() if key is not None}

    async def existing(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return the keys there are."""
        found = await asyncio.to_thread(self._read, tenant, subjects)
        return {subject: AesGcmKey(key) for subject, key in found.items() if key is not None}

    async def digest_secret(self) -> bytes:
        """Return the secret that request bodies are digested with, made on first use."""
        return await asyncio.to_thread(self._secret)

    def unwrapped(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, bytes]:
        """Return the keys themselves, to be sealed for another store. Raises KeysUnavailable."""
        found = self._read(tenant, subjects)
        return {subject: key for subject, key in found.items() if key is not None}

    def adopt(self, keys: Mapping[tuple[str, str], bytes]) -> None:
        """Keep keys that were made elsewhere, of subjects that have none here."""
        self._add(keys)

    def destroy(self, tenant: str, subject: str, request: str, ground: str) -> Erased:
        """Destroy a subject's key, and enter it in the ledger; what the ledger said first stands.

        Copies of the database open it until the epoch that was in force has ended.
        """
        return self._rows.erase(tenant, subject, datetime.now(UTC), request, ground)

    def subjects(self, tenant: str, after: str = "", count: int = 1_000) -> Sequence[str]:
        """Return some subjects of a tenant that there is a key of, in order, after one."""
        return self._rows.subjects(tenant, after, count)

    def erased(self, after: tuple[str, str] = ("", ""), count: int = 1_000) -> Sequence[Erased]:
        """Return a page of the ledger in order of tenant and subject, after the pair given."""
        return self._rows.erased(after, count)

    def erase_tenant(self, tenant: str, request: str, ground: str) -> None:
        """Enter in the ledger that a tenant is erased; what it said first stands."""
        self._rows.erase_tenant(tenant, datetime.now(UTC), request, ground)

    def erased_tenants(self) -> Sequence[ErasedTenant]:
        """Return the tenants in the ledger, by name."""
        return self._rows.erased_tenants()

    def end_epochs(self, through: int) -> Rotated | None:
        """Have the keys of all epochs up to this one destroyed; None: they were already.

        Of several that ask at once the first does it for all whose epoch it is.
        """
        with self._rotating:
            epoch, _ = self._rows.epoch()
            if epoch > through and not any(one <= through for one in self._epochs.epochs()):
                return None
            return self._rotate(max(epoch, through + 1))

    def rotate_if_old(self) -> Rotated | None:
        """Begin a new epoch where the one in force is 30 days old; end what an earlier one left."""
        with self._rotating:
            epoch, began = self._rows.epoch()
            if datetime.now(UTC) - began >= timedelta(days=EPOCH_DAYS_MAX):
                return self._rotate(epoch + 1)
            if any(one < epoch for one in self._epochs.epochs()):
                return self._rotate(epoch)
            return None

    def _rotate(self, epoch: int) -> Rotated:
        """Wrap all keys in this epoch, and destroy the keys of those before. Begun twice, or after
        a crash, it ends what was left."""
        self._epochs.make(epoch)
        self._rows.begin(epoch)
        rewrapped = 0
        while page := self._rows.page(epoch, REWRAP_PAGE):
            plain = self._unwrapped(page)
            kept = [(old, plain[old.tenant, old.subject]) for old in page]
            contexts = [(key, _context(old.tenant, old.subject, epoch)) for old, key in kept]
            wrapped = self._epochs.wrap(epoch, contexts)
            self._rows.rewrap(list(zip(page, wrapped, strict=True)), epoch)
            rewrapped += len(page)
        ended = tuple(one for one in self._epochs.epochs() if one < epoch)
        for one in ended:
            self._epochs.destroy(one)
        return Rotated(epoch, rewrapped, ended)

    def _secret(self) -> bytes:
        tenant, subject = DIGEST
        kept = self._read(tenant, [subject]).get(subject)
        return kept if kept is not None else self._add({DIGEST: new_key()})[DIGEST]

    async def _together(
        self, tenant: str, subjects: Sequence[str]
    ) -> Mapping[tuple[str, str], bytes]:
        """Make keys; those asked for while others are being made are made in one go after them."""
        self._wanted.setdefault(tenant, {}).update(dict.fromkeys(subjects))
        mine = {(tenant, subject) for subject in subjects}
        while self._making is not None and not self._making.done():
            made = await asyncio.shield(self._making)
            if mine <= made.keys():
                return made
        wanted, self._wanted = self._wanted, {}
        names = [(owner, one) for owner, some in wanted.items() for one in some]
        self._making = asyncio.ensure_future(asyncio.to_thread(self._make, names))
        return await asyncio.shield(self._making)

    def _make(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        return self._add({name: new_key() for name in names})

    def _add(self, keys: Mapping[tuple[str, str], bytes]) -> dict[tuple[str, str], bytes]:
        """Keep keys where there are none, and return what is kept."""
        for _ in range(TRIES_MAX):
            epoch, _ = self._rows.epoch()
            contexts = [(key, _context(*name, epoch)) for name, key in keys.items()]
            try:
                wrapped = self._epochs.wrap(epoch, contexts)
            except EpochKeyGone:
                continue
            kept = [Wrapped(*name, epoch, one) for name, one in zip(keys, wrapped, strict=True)]
            if self._rows.add(kept, epoch):
                by_tenant: dict[str, list[str]] = {}
                for tenant, subject in keys:
                    by_tenant.setdefault(tenant, []).append(subject)
                return {
                    (tenant, subject): key
                    for tenant, subjects in by_tenant.items()
                    for subject, key in self._read(tenant, subjects).items()
                    if key is not None
                }
        raise KeysUnavailable("the epoch of the keys changes too fast")

    def _read(self, tenant: str, subjects: Sequence[str]) -> dict[str, bytes | None]:
        """Return what is kept; None: destroyed."""
        for _ in range(TRIES_MAX):
            found = self._rows.find(tenant, subjects)
            try:
                plain = self._unwrapped([one for one in found if one.key is not None])
            except EpochKeyGone:
                continue  # it has just ended: the keys are wrapped in the next one by now
            return {one.subject: plain.get((tenant, one.subject)) for one in found}
        raise KeysUnavailable("a key is wrapped in an epoch whose key is gone")

    def _unwrapped(self, keys: Sequence[Wrapped]) -> dict[tuple[str, str], bytes]:
        by_epoch: dict[int, list[Wrapped]] = {}
        for one in keys:
            by_epoch.setdefault(one.epoch, []).append(one)
        found: dict[tuple[str, str], bytes] = {}
        for epoch, some in by_epoch.items():
            contexts = [(one.key or b"", _context(one.tenant, one.subject, epoch)) for one in some]
            plain = self._epochs.unwrap(epoch, contexts)
            found |= {(a.tenant, a.subject): key for a, key in zip(some, plain, strict=True)}
        return found


def _context(tenant: str, subject: str, epoch: int) -> bytes:
    return f"{tenant}/{subject}/{epoch}".encode()
