"""How does a fact stand in a list of a page?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.access import Principal
from domain.kernel import Envelope
from read_api.asof import run_of
from read_api.console.moments import Instant
from read_api.console.symbols import symbol_of
from read_api.dependencies import ReadDependencies
from read_api.queries import catalogue
from read_api.queries.facts import Link, RecordedFact
from read_api.queries.history import Entry
from read_api.sentences.sentence import Titles, sentence


class FactRow(NamedTuple):
    """One fact: its words, where it happened and when; ``counts`` unless a moment leaves it out."""

    position: int
    symbol: str
    sentence: str
    run: str | None = None
    subject: str | None = None
    when: datetime | None = None
    counts: bool = True
    why_not: str = ""


async def titles(deps: ReadDependencies, asking: Principal, facts: Sequence[Envelope]) -> Titles:
    """Return the titles of the items that these facts are about, by run and item."""
    runs = {run for fact in facts if hasattr(fact.fact, "item") and (run := run_of(fact))}
    return await catalogue.titles(deps, asking, sorted(runs)) if runs else {}


def fact_row(envelope: Envelope, named: Titles) -> FactRow:
    """Put a fact into a row; ``named`` are titles by run and item."""
    return FactRow(
        envelope.position,
        symbol_of(envelope.type),
        sentence(envelope, named),
        run_of(envelope),
        envelope.subject,
        envelope.occurred_at,
    )


def entry_row(entry: Entry, instant: Instant, *, one_run: bool) -> FactRow:
    """Put a fact of a learner's history into a row, as it counts at a moment.

    The run is left out where all facts are of one.
    """
    known = instant.axis == "known"
    return FactRow(
        entry.position,
        symbol_of(entry.type),
        entry.sentence,
        None if one_run else entry.run,
        None,
        entry.recorded_at if known else entry.occurred_at,
        instant.counts(entry.occurred_at, entry.recorded_at),
        "not yet known by then" if known else "had not occurred by then",
    )


def link_row(link: Link | RecordedFact) -> FactRow:
    """Put a fact that another one hangs together with into a row."""
    return FactRow(link.position, symbol_of(link.type), link.sentence)
