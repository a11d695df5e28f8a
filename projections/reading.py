"""What is a reading?

A reading is a name, a version, documents and tallies. A document has keys and a fold, and its
struct's fields are the columns of its table. A tally is derived from how documents changed, so a
correction corrects every sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from domain.kernel import Envelope

D = TypeVar("D", bound=msgspec.Struct)


class Documents(NamedTuple, Generic[D]):
    """One kind of document of a reading.

    ``row`` is the frozen struct that is kept; its fields are the columns, ``key`` names those that
    identify it. ``keys(envelope)`` are the keys (tuples of text or numbers, in the order of ``key``)
    of the documents that a fact concerns; ``fold(document or None, envelope, key)`` takes the fact
    in and returns the new document, or the same object where nothing changes. ``facts`` are the
    stored names of the facts that concern it at all. ``write_once`` documents are made by one fact
    and never read back.
    """

    name: str
    row: type[D]
    key: tuple[str, ...]
    facts: frozenset[str]
    keys: Callable[[Envelope], Iterable[tuple[Any, ...]]]
    fold: Callable[[D | None, Envelope, tuple[Any, ...]], D | None]
    indexes: tuple[str, ...] = ()
    write_once: bool = False


class Tally(NamedTuple, Generic[D]):
    """Exact sums over the documents of one kind, by dimensions.

    ``measure(document)`` gives what one document contributes: amounts by dimension values. The
    tally moves by ``measure(after) - measure(before)``.
    """

    name: str
    of: str
    dimensions: Mapping[str, str]
    amounts: tuple[str, ...]
    measure: Callable[[D], Mapping[tuple[Any, ...], tuple[int, ...]]]


class View(NamedTuple):
    """A stable SQL view for analysts: its columns are a promise, only ever extended at the end.

    ``sql`` is a select; ``{name}`` stands for the table of this reading's documents or tally.
    """

    name: str
    sql: str


class Reading(NamedTuple):
    """A reading of the log, under a name and a version. Raise the version to rebuild it."""

    name: str
    version: int
    documents: tuple[Documents[Any], ...]
    tallies: tuple[Tally[Any], ...] = ()
    views: tuple[View, ...] = ()
