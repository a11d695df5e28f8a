"""What do queries need of the keys of personal fields?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from projections.ports import StoreUnavailable


class KeysAway(StoreUnavailable):
    """The store of keys cannot be reached: personal fields cannot be opened now."""


class KeyDestroyed(Exception):
    """The learner was erased: nothing can be kept under their key any more."""


Sealed = tuple[str, str, str]
"""A personal field as it is stored: the id of its fact, its name, and the sealed text."""


class Opener(Protocol):
    """Opens personal fields with the keys of their subjects."""

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[Sealed]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each; None: no longer readable, because the subject's key was
        destroyed. Raises KeysAway."""

    async def open_many(
        self, tenant: str, sealed: Mapping[str, Sequence[Sealed]]
    ) -> Mapping[str, Sequence[bytes | None]]:
        """Return likewise what there is of several subjects, in one look for their keys."""

    async def seal(self, tenant: str, subject: str, place: tuple[str, str], plain: bytes) -> str:
        """Return what ``open`` takes with these two in the place of fact and field. Raises KeysAway
        and KeyDestroyed."""
