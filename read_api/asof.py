"""What was known of a learner at a moment?

The learner's facts up to then, and those of the runs that they were in, go through the same folds
that keep the live readings, so that both ways give the same answer for the same position.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from domain.access import Principal
from domain.catalogue.content import RUN_CONTENT
from domain.catalogue.state import RUN
from domain.enrolment.seats import RUN_SEATS
from domain.kernel import Envelope, StreamKind
from projections.catalogue import CATALOGUE
from projections.cloudevents import run_in
from projections.decoding import Unreadable
from projections.progress import PROGRESS
from projections.reading import Key, Reading
from read_api.answers import AsOf, Incomplete, Moment, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter

POSITIONS_READ_MAX = 5_000
"""Facts fetched from the log in one go."""
RUN_KINDS: tuple[StreamKind[Any], ...] = (RUN, RUN_CONTENT, RUN_SEATS)
_SUMS = "enrolment_items"

Row = Mapping[str, Any]

_RUNS = CATALOGUE._replace(
    documents=tuple(kind for kind in CATALOGUE.documents if kind.name in ("run", "item")), views=()
)
"""What a learner's record rests on of the catalogue."""


class Past(NamedTuple):
    """A learner as of a moment: their facts, and rows as the live views have them, by run."""

    facts: Sequence[Envelope]
    enrolments: Mapping[str, Row]
    item_progress: Mapping[str, Sequence[Row]]
    waiting: Mapping[str, Row]
    runs: Mapping[str, Row]
    items: Mapping[str, Sequence[Row]]
    as_of: AsOf
    incomplete: Incomplete | msgspec.UnsetType


class Folded(NamedTuple):
    """What a reading makes of some facts: documents and tallies by key, and since when facts that a
    fold could not take are missing."""

    documents: Mapping[str, Mapping[Key, msgspec.Struct]]
    tallies: Mapping[str, Mapping[Key, Mapping[str, int | Decimal]]]
    broken_since: datetime | None


class Known(NamedTuple):
    """The facts about a learner at a moment, as far as the history reading has them."""

    facts: Sequence[Envelope]
    as_of: AsOf
    incomplete: Incomplete | msgspec.UnsetType


async def learner(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    moment: Moment,
    min_position: int = 0,
    run: str | None = None,
) -> Past:
    """Return a learner as of a moment, in one run or in all. Raises BadParameter and NotYet."""
    known = await facts_of(deps, asking.tenant, subject, moment, min_position)
    own = [fact for fact in known.facts if run is None or run_of(fact) == run]
    runs = {found for fact in own if (found := run_of(fact)) is not None}
    return told_by(own, await facts_of_runs(deps, asking.tenant, runs, known.as_of), known)


def told_by(own: Sequence[Envelope], of_runs: Iterable[Envelope], known: Known) -> Past:
    """Return what a learner's facts and those of their runs tell, as of the moment of ``known``."""
    progress, catalogue = fold(PROGRESS, own), fold(_RUNS, of_runs)
    sums = progress.tallies[_SUMS]
    zeros = dict.fromkeys(next(t for t in PROGRESS.tallies if t.name == _SUMS).amounts, 0)
    broken = [at for at in (progress.broken_since, catalogue.broken_since) if at is not None]
    return Past(
        facts=own,
        enrolments={
            key[0]: {**_row(document), **zeros, **sums.get(key, {})}
            for key, document in progress.documents["enrolment"].items()
        },
        item_progress=_by_run(progress.documents["item_progress"]),
        waiting={key[0]: _row(document) for key, document in progress.documents["waiting"].items()},
        runs={key[0]: _row(document) for key, document in catalogue.documents["run"].items()},
        items=_current_items(catalogue),
        as_of=known.as_of,
        incomplete=Incomplete(min(broken)) if broken else known.incomplete,
    )


async def facts_of(
    deps: ReadDependencies, tenant: str, subject: str, moment: Moment, min_position: int = 0
) -> Known:
    """Return a learner's facts as of a moment, in position order.

    Raises BadParameter where the moment is beyond the log, NotYet where the history reading does
    not get there within the bound.
    """
    position, occurred = await resolve(deps, moment)
    wanted = max(min_position, position or 0)
    async with deps.snapshot(tenant, "history", min_position=wanted, subject=subject) as snapshot:
        through = snapshot.position if position is None else position
        rows = await snapshot.rows(
            """select position from views.history
               where subject = %(subject)s and position <= %(through)s
                 and (%(occurred)s::timestamptz is null or occurred_at <= %(occurred)s)
               order by position""",
            subject=subject,
            through=through,
            occurred=occurred,
        )
    positions = [row["position"] for row in rows]
    facts: list[Envelope] = []
    for start in range(0, len(positions), POSITIONS_READ_MAX):
        facts += await deps.log.at(tenant, positions[start : start + POSITIONS_READ_MAX])
    return Known(
        facts, await deps.as_of(through, occurred), earliest(snapshot.parked, history=(subject,))
    )


async def resolve(deps: ReadDependencies, moment: Moment) -> tuple[int | None, datetime | None]:
    """Return the position and the occurred time that a moment stands for; None: no bound."""
    given = [name for name in moment.__struct_fields__ if getattr(moment, name) is not None]
    if len(given) > 1:
        raise BadParameter(
            f"as_of_{given[1]}", f"name one moment only, either this or as_of_{given[0]}"
        )
    if moment.position is not None:
        head = (await deps.log.head()).position
        if moment.position > head:
            raise BadParameter("as_of_position", f"is beyond the log, which ends at {head}")
        return moment.position, None
    if moment.recorded is not None:
        return await deps.log.position_at(_utc("as_of_recorded", moment.recorded)), None
    if moment.occurred is not None:
        return None, _utc("as_of_occurred", moment.occurred)
    return None, None


def fold(reading: Reading, facts: Iterable[Envelope]) -> Folded:
    """Let a reading's folds and measures make their documents and sums of these facts."""
    documents: dict[str, dict[Key, Any]] = {kind.name: {} for kind in reading.documents}
    parked: set[tuple[str, Key]] = set()
    broken_since: datetime | None = None
    for envelope in facts:
        for kind in reading.documents:
            if envelope.type not in kind.facts:
                continue
            try:
                keys = [key for key in kind.keys(envelope) if (kind.name, key) not in parked]
            except Exception:  # put aside, as the live reading does
                broken_since = broken_since or envelope.recorded_at
                continue
            for key in keys:
                try:
                    if isinstance(envelope.fact, Unreadable):
                        raise TypeError(envelope.fact.error)
                    kept = documents[kind.name]
                    kept[key] = kind.fold(kept.get(key), envelope, key)
                except Exception:  # put aside, as the live reading does
                    parked.add((kind.name, key))
                    broken_since = broken_since or envelope.recorded_at
    found = {
        name: {key: document for key, document in kept.items() if document is not None}
        for name, kept in documents.items()
    }
    return Folded(found, _tallies(reading, found), broken_since)


def run_of(envelope: Envelope) -> str | None:
    """Return the run that a fact's stream belongs to; None: it is of a course."""
    return run_in(envelope.stream)


async def facts_of_runs(
    deps: ReadDependencies, tenant: str, runs: Iterable[str], as_of: AsOf
) -> list[Envelope]:
    """Return the facts of runs as of a moment, in position order."""
    names = [kind.of(tenant, run).name for run in sorted(runs) for kind in RUN_KINDS]
    return [
        fact
        for fact in await deps.log.streams(tenant, names)
        if fact.position <= as_of.position
        and (as_of.occurred_at is None or fact.occurred_at <= as_of.occurred_at)
    ]


def _tallies(
    reading: Reading, documents: Mapping[str, Mapping[Key, Any]]
) -> dict[str, dict[Key, dict[str, int | Decimal]]]:
    found: dict[str, dict[Key, dict[str, int | Decimal]]] = {}
    for tally in reading.tallies:
        rows = found.setdefault(tally.name, {})
        for kind, measure in tally.measures.items():
            for document in documents[kind].values():
                for key, amounts in measure(document).items():
                    row = rows.setdefault(key, dict.fromkeys(tally.amounts, 0))
                    for name, amount in zip(tally.amounts, amounts, strict=True):
                        row[name] += amount
    return found


def _current_items(catalogue: Folded) -> dict[str, list[Row]]:
    numbers = {key: _row(run)["content_number"] for key, run in catalogue.documents["run"].items()}
    found: dict[str, list[Row]] = defaultdict(list)
    for (run, _), document in catalogue.documents["item"].items():
        row = _row(document)
        if row["content_number"] == numbers.get((run,)):
            found[run].append(row)
    return {run: sorted(rows, key=lambda row: row["ordinal"]) for run, rows in found.items()}


def _by_run(documents: Mapping[Key, msgspec.Struct]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for key, document in documents.items():
        found[key[0]].append(_row(document))
    return dict(found)


def _row(document: msgspec.Struct) -> dict[str, Any]:
    """Return a document as a view's row, with the lists as JSON has them."""
    return {
        name: msgspec.to_builtins(value, builtin_types=(datetime, Decimal))
        for name, value in msgspec.structs.asdict(document).items()
    }


def _utc(field: str, at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise BadParameter(field, "is out of the range of times") from None
