"""How does what facts say of moments to come make a reading?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from domain.kernel import Envelope
from projections.reading import Documents, Key, Reading, View, columns


class Entry(NamedTuple):
    """What a fact says of something that falls due.

    It is known by the name of its kind with ``run``, ``subject`` and ``thing``; what the latest
    fact says counts. ``at`` is the moment from which ``command`` is to be sent with ``body``; None:
    nothing is to be done any more. ``subject`` is None for what concerns a run; ``each`` then has
    the command sent for each learner who is in the run at that time, with ``subject`` in its body.
    """

    run: str
    subject: str | None
    at: datetime | None
    command: str = ""
    body: Mapping[str, Any] = {}
    thing: str = ""
    each: bool = False


class Kind(NamedTuple):
    """Something that falls due.

    ``facts`` are the stored names of those that tell of it, ``entries(envelope)`` what such a fact
    says: of a learner where it is on a stream of theirs or names them, otherwise of a run. The name
    is part of idempotency keys and never changes.
    """

    name: str
    facts: frozenset[str]
    entries: Callable[[Envelope], Iterable[Entry]]


class Due(Struct, frozen=True, gc=False):
    """Something that falls due: for a learner, or where ``subject`` is empty in a run.

    ``due_at`` None: nothing is to be done any more. ``cause`` and ``correlation`` are of the fact
    that said so, at ``position``.
    """

    kind: str
    run: str
    subject: str
    thing: str
    due_at: datetime | None
    position: int
    each: bool
    command: str
    body: dict[str, Any]
    cause: str
    correlation: str


def due(version: int, kinds: Sequence[Kind]) -> Reading:
    """Return the reading of what falls due in these kinds."""
    by_fact: dict[str, list[Kind]] = {}
    for kind in kinds:
        for name in kind.facts:
            by_fact.setdefault(name, []).append(kind)

    said: tuple[Envelope | None, dict[Key, tuple[str, Entry]]] = (None, {})

    def entries(envelope: Envelope) -> dict[Key, tuple[str, Entry]]:
        nonlocal said
        last, found = said
        if last is not envelope:  # a fact about many things is folded into each of them
            found = {
                _key(kind.name, entry): (kind.name, entry)
                for kind in by_fact.get(envelope.type, ())
                for entry in kind.entries(envelope)
            }
            said = envelope, found
        return found

    def of_learners(envelope: Envelope) -> Iterable[Key]:
        return [key for key, (_, entry) in entries(envelope).items() if entry.subject]

    def of_runs(envelope: Envelope) -> Iterable[Key]:
        return [key for key, (_, entry) in entries(envelope).items() if not entry.subject]

    def fold(old: Due | None, envelope: Envelope, key: Key) -> Due | None:
        kind, entry = entries(envelope)[key]
        if entry.at is None and old is None:
            return None
        return _row(kind, entry, envelope)

    return Reading(
        name="due",
        version=version,
        documents=tuple(
            Documents(
                name=name,
                row=Due,
                key=key,
                facts=frozenset(by_fact),
                keys=keys,
                fold=fold,
                across=("(due_at) where due_at is not null", "(position)"),
            )
            for name, key, keys in (
                ("learner", ("kind", "run", "subject", "thing"), of_learners),
                ("run", ("kind", "run", "thing"), of_runs),
            )
        ),
        views=(View("due", columns(Due), "(table {learner} union all table {run}) due"),),
    )


def _key(kind: str, entry: Entry) -> Key:
    if entry.subject:
        return (kind, entry.run, entry.subject, entry.thing)
    return (kind, entry.run, entry.thing)


def _row(kind: str, entry: Entry, envelope: Envelope) -> Due:
    return Due(
        kind=kind,
        run=entry.run,
        subject=entry.subject or "",
        thing=entry.thing,
        due_at=entry.at,
        position=envelope.position,
        each=entry.each,
        command=entry.command,
        body=dict(entry.body),
        cause=envelope.id,
        correlation=envelope.correlation_id,
    )
