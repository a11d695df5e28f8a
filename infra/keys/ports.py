"""What does the store of keys need: rows that hold wrapped keys, and keys that wrap them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class EpochKeyGone(Exception):
    """There is no key of this epoch: it was destroyed, or never lay here."""


class WrongKeyStore(Exception):
    """The store of keys is not the one that this log's personal fields are sealed with, or is older
    than its epoch keys. One sentence that says what to do."""


class Wrapped(NamedTuple):
    """A subject's key as it is kept: encrypted with its epoch's key; None: it was destroyed."""

    tenant: str
    subject: str
    epoch: int
    key: bytes | None


class Erased(NamedTuple):
    """An entry of the ledger: this subject's key was destroyed, and never comes back.

    ``epoch`` was in force then: what was wrapped until then is gone for good when its key is.
    ``request`` is the id of the fact that asked for it, ``ground`` the legal ground.
    """

    tenant: str
    subject: str
    epoch: int
    at: datetime
    request: str
    ground: str


class ErasedTenant(NamedTuple):
    """An entry of the ledger: all learners of this tenant were to be erased, and no key is made
    under its name any more. ``request`` is the id of the fact that it began with, ``ground`` the
    legal ground."""

    tenant: str
    at: datetime
    request: str
    ground: str


class EpochKeys(Protocol):
    """Keys that others are wrapped with, one an epoch, kept apart from what they wrap.

    A key management service may stand behind this: an epoch's key never leaves it.
    """

    def make(self, epoch: int) -> None:
        """Have a key of this epoch, durable before this returns; one that is there stays."""

    def wrap(self, epoch: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Encrypt each (key, context). Raises EpochKeyGone."""

    def unwrap(self, epoch: int, wrapped: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Decrypt each (wrapped key, context). Raises EpochKeyGone, and ValueError where one was
        altered or belongs to another context."""

    def destroy(self, epoch: int) -> None:
        """Destroy this epoch's key, for good before this returns; nothing where there is none."""

    def epochs(self) -> Sequence[int]:
        """Return the epochs that there are keys of, in order."""


class KeyRows(Protocol):
    """The database of wrapped keys, and the ledger of those destroyed.

    Every call raises ``commands.ports.KeysUnavailable`` where it cannot be reached.
    """

    def open(self) -> str:
        """Have the tables, and return the name that this store was given when they were made."""

    def close(self) -> None:
        """Let the connections go."""

    def epoch(self) -> tuple[int, datetime]:
        """Return the epoch in force, 0 before the first, and when it began."""

    def begin(self, epoch: int) -> None:
        """Have this epoch in force, where the one before is."""

    def epochs_used(self) -> Sequence[int]:
        """Return the epochs that keys are wrapped in, in order."""

    def find(self, tenant: str, subjects: Sequence[str]) -> Sequence[Wrapped]:
        """Return what is kept of these subjects."""

    def add(self, keys: Sequence[Wrapped], epoch: int) -> bool:
        """Keep keys, all wrapped in ``epoch``, of subjects that nothing is kept of; what is kept
        stays. False: another epoch is in force by now, and nothing was kept."""

    def subjects(self, tenant: str, after: str, count: int) -> Sequence[str]:
        """Return some subjects of a tenant that a key is kept of, in order, after one."""

    def page(self, before_epoch: int, count: int) -> Sequence[Wrapped]:
        """Return some keys that are wrapped in earlier epochs than this; none: there are none."""

    def rewrap(self, keys: Sequence[tuple[Wrapped, bytes]], epoch: int) -> None:
        """Keep each as wrapped in this epoch, unless it has changed since it was read."""

    def erase(self, tenant: str, subject: str, at: datetime, request: str, ground: str) -> Erased:
        """Destroy a subject's key and enter it in the ledger, in one transaction.

        Returns what the ledger says, which is the first entry where it is erased already.
        """

    def erased(self, after: tuple[str, str], count: int) -> Sequence[Erased]:
        """Return a page of the ledger in order of tenant and subject, after the pair given."""

    def erase_tenant(self, tenant: str, at: datetime, request: str, ground: str) -> None:
        """Enter in the ledger that a tenant is erased; what it says first stands."""

    def erased_tenants(self) -> Sequence[ErasedTenant]:
        """Return the tenants in the ledger, by name."""
