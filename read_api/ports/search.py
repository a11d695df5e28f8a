"""What do queries need of what can be searched, now and as it was?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from read_api.ports.views import ParkedKey


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text: ``match`` says whether it is a word that was searched for."""

    text: str
    match: bool


class Match(NamedTuple):
    """Something found. ``highlight`` is its title and an excerpt of what else is said of it."""

    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    highlight: Sequence[Piece]


class Matches(NamedTuple):
    """What was found: ``facets`` counts all by kind, ``hits`` are the part that was asked for.

    All that was recorded up to ``position`` could be found, but for what is ``parked``.
    """

    position: int
    parked: Sequence[ParkedKey]
    facets: Mapping[str, int]
    hits: Sequence[Match]


class SearchIndex(Protocol):
    """What can be searched. Raises StoreUnavailable when it cannot be reached.

    Found is what has all the words, in its id, title or body; of the last word its beginning is
    enough. Case, accents and signs make no difference, nor does the ending of an English word. An
    id that is the very words comes first, then what fits best. Any text may be asked for.
    """

    async def search(
        self, tenant: str, words: str, kind: str | None, limit: int, offset: int
    ) -> Matches:
        """Return ``limit`` of a tenant's matches (of one kind, unless None) after the first
        ``offset``."""


class PastIndex(Protocol):
    """What could be found by an earlier moment of what is published: courses, runs and items."""

    async def search(
        self,
        tenant: str,
        words: str,
        kind: str | None,
        limit: int,
        offset: int,
        position: int | None,
        occurred: datetime | None,
    ) -> Matches:
        """Return matches as ``SearchIndex`` does, as of a position of the log (None: all of it),
        and of what had occurred by a time."""
