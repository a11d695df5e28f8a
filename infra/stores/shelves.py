"""What must an engine do that keeps the documents of a reading, whose place PostgreSQL keeps?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import psycopg

from projections.ports import Changes, Generation
from projections.reading import Key


class Shelf(Protocol):
    """Holds what the generations of some readings consist of.

    Each call comes with the connection whose transaction notes it in ``readings.state``, and has
    passed that transaction's fence. Where the transaction is then rolled back the same call comes
    again: done twice it does no harm. Raises StoreUnavailable.
    """

    def make(self, connection: psycopg.Connection, of: Generation, live: bool) -> None:
        """Make room for a generation, with nothing in it, to be shown at once where it is live."""

    def load(
        self, connection: psycopg.Connection, of: Generation, documents: str, keys: Iterable[Key]
    ) -> dict[Key, Any]:
        """Return the documents under these keys; absent: none."""

    def write(
        self, connection: psycopg.Connection, of: Generation, changes: Changes, live: bool
    ) -> None:
        """Write documents and sums. Of a live generation they can be found from then on."""

    def prepare(self, connection: psycopg.Connection, of: Generation) -> None:
        """Make a generation that was filled fit to be read; called outside a transaction."""

    def show(self, connection: psycopg.Connection, of: Generation) -> None:
        """Have the stable names mean this generation."""

    def remove(self, connection: psycopg.Connection, name: str, version: int, number: int) -> None:
        """Throw a generation away that is not live."""
