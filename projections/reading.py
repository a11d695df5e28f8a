"""What is a reading?

A reading is a name, a version, documents and tallies. A document has keys and a fold, and its
struct's fields are the columns of its table. A tally is derived from how documents changed, so a
correction corrects every sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from domain.kernel import Envelope, Fact

D = TypeVar("D", bound=msgspec.Struct)

Key = tuple[Any, ...]
"""What identifies a document or a row of a tally: text, whole numbers or dates, in column order.

A reading knows its keys within one tenant; stores keep them with the tenant before the rest.
"""

TENANT = "tenant"
"""The first column of every table and view: whose the row is."""

Amounts = tuple[int | Decimal, ...]
"""What is added to a row of a tally, in the order of its columns. Exact: never a float."""


class Documents(NamedTuple, Generic[D]):
    """One kind of document of a reading.

    ``row`` is the frozen struct that is kept; its fields are the columns, ``key`` names those that
    identify it. ``keys(envelope)`` are the keys of the documents that a fact concerns, in the order
    of ``key``; ``fold(document or None, envelope, key)`` takes the fact in and returns the new
    document, the same object where nothing changes, or None where there is still nothing to keep.
    ``facts`` are the stored names of the facts that concern it at all. ``write_once`` documents are
    made by one fact and never read back. ``indexes`` are SQL index expressions, which the tenant
    precedes; those of ``across`` serve all tenants at once (words, the scheduler). ``generated``
    are columns that the database derives (name to SQL definition). ``searched`` are the text fields
    whose words a search engine finds; an engine that is asked for them all derives its own indexes.
    """

    name: str
    row: type[D]
    key: tuple[str, ...]
    facts: frozenset[str]
    keys: Callable[[Envelope], Iterable[Key]]
    fold: Callable[[D | None, Envelope, Key], D | None]
    indexes: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    write_once: bool = False
    generated: Mapping[str, str] = {}
    searched: tuple[str, ...] = ()


class Tally(NamedTuple):
    """Exact sums over documents, by dimensions.

    ``measures[kind](document)`` gives what one document of that kind contributes: amounts by
    dimension values, in column order. The tally moves by ``measure(after) - measure(before)``. A
    row whose sums have all fallen back to zero stays.
    """

    name: str
    dimensions: Mapping[str, type]
    amounts: Mapping[str, type]
    measures: Mapping[str, Callable[[Any], Mapping[Key, Amounts]]]


class View(NamedTuple):
    """A stable SQL view for analysts: its columns are a promise, only ever extended at the end.

    ``columns`` are names, or expressions with a name; ``source`` is what they are taken from, where
    ``{name}`` stands for the table of this reading's documents or tally, and ``alias`` for the one
    whose tenant a row is of, where there are several. Where rows are found by an index that
    row-level security does not let be used before its own condition (that of words), the view
    ``keeps`` to the tenant that is set by itself. ``analysts`` are the columns that an analyst's
    login sees of it, learners under pseudonyms; empty: none of it.
    """

    name: str
    columns: tuple[str, ...]
    source: str
    alias: str = ""
    keeps: bool = False
    analysts: tuple[str, ...] = ()


class Reading(NamedTuple):
    """A reading of the log, under a name and a version. Raise the version to rebuild it."""

    name: str
    version: int
    documents: tuple[Documents[Any], ...]
    tallies: tuple[Tally, ...] = ()
    views: tuple[View, ...] = ()

    @property
    def facts(self) -> frozenset[str]:
        """The stored names of all facts that concern this reading."""
        return frozenset().union(*(documents.facts for documents in self.documents))


def names(*facts: type[Fact]) -> frozenset[str]:
    """Return the stored names of these fact classes."""
    return frozenset(cls.__name__ for cls in facts)


def columns(row: type[msgspec.Struct], alias: str = "") -> tuple[str, ...]:
    """Return a struct's fields as columns of a view."""
    prefix = f"{alias}." if alias else ""
    return tuple(f'{prefix}"{name}"' for name in row.__struct_fields__)
