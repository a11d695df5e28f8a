"""What exactly is recorded at a position, and how does it hang together with the rest?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.kernel import Envelope
from domain.learners.facts import RecordCorrected
from read_api.answers import Answer
from read_api.asof import run_of
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.personal import with_personal
from read_api.queries.catalogue import titles
from read_api.sentences.sentence import Titles, sentence

NEIGHBOURS_MAX = 1_000
"""How many of the learner's facts before, and after, are looked at for causes."""


class Link(msgspec.Struct, frozen=True):
    """Another fact that this one hangs together with."""

    position: int
    id: str
    type: str
    sentence: str


class RecordedFact(Answer, frozen=True, kw_only=True):
    """One fact: envelope, payload, a sentence, what caused it, what it caused, and what the same
    command recorded beside it; the fact that it says is wrong, the one that last said so of it, and
    the one that holds what is right then. Personal fields in ``data`` are opened where the asker
    has the right."""

    position: int
    recorded_at: datetime
    version: int
    stream: str
    id: str
    type: str
    schema: int
    occurred_at: datetime
    tenant: str
    subject: str | None
    run: str | None
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    sentence: str
    data: dict[str, Any]
    cause: Link | None
    consequences: list[Link]
    together: list[Link]
    corrects: Link | None
    corrected_by: Link | None
    right: Link | None


_ENVELOPE = tuple(name for name in Envelope.__struct_fields__ if name != "fact")


async def fact(deps: ReadDependencies, asking: Principal, position: int) -> RecordedFact:
    """Return the fact at a position. Raises NotFound."""
    found = await deps.log.at(asking.tenant, [position])
    if not found or not _may_see(asking, found[0]):
        raise NotFound("fact", f"at position {position}")
    told = found[0]
    others = [
        other
        for other in await _neighbours(deps, told)
        if other.id != told.id and _may_see(asking, other)
    ]
    corrects, corrected_by = await _corrections(deps, told)
    said = corrected_by.fact if corrected_by is not None else told.fact
    right = said.right if isinstance(said, RecordCorrected) else None
    runs = {run for one in (told, corrects, *others) if one and (run := run_of(one))}
    names = await titles(deps, asking, sorted(runs))
    cause = next((other for other in others if other.id == told.causation_id), None)
    return RecordedFact(
        **{name: getattr(told, name) for name in _ENVELOPE},
        run=run_of(told),
        sentence=sentence(told, names),
        data=await with_personal(deps, asking, told),
        cause=None if cause is None else _link(cause, names),
        consequences=[_link(one, names) for one in others if one.causation_id == told.id],
        together=[_link(one, names) for one in others if one.command_id == told.command_id],
        corrects=None if corrects is None else _link(corrects, names),
        corrected_by=None if corrected_by is None else _link(corrected_by, names),
        right=next((_link(one, names) for one in others if one.id == right), None),
        as_of=await deps.as_of((await deps.log.head()).position),
    )


def _may_see(asking: Principal, fact: Envelope) -> bool:
    return fact.tenant == asking.tenant and may(
        asking, Permission.READ_RECORD, run_of(fact), fact.subject
    )


async def _neighbours(deps: ReadDependencies, told: Envelope) -> Sequence[Envelope]:
    """Return the facts that may be causes and consequences: of the same learner, else of the run or
    course. A policy that reacts to a fact stays with whom it is about."""
    if told.subject is None:
        _, kind, *ids = told.stream.split("/")
        kinds = [kind] if run_of(told) is None else ["run", "run-content", "run-seats"]
        return await deps.log.streams(
            told.tenant, [f"{told.tenant}/{one}/{'/'.join(ids)}" for one in kinds]
        )
    async with deps.snapshot(told.tenant, "history", subject=told.subject) as snapshot:
        rows = await snapshot.rows(
            """(select position from views.history
                where subject = %(subject)s and position < %(position)s
                order by position desc limit %(most)s)
               union all
               (select position from views.history
                where subject = %(subject)s and position > %(position)s
                order by position limit %(most)s)""",
            subject=told.subject,
            position=told.position,
            most=NEIGHBOURS_MAX,
        )
    return await deps.log.at(told.tenant, [row["position"] for row in rows])


async def _corrections(
    deps: ReadDependencies, told: Envelope
) -> tuple[Envelope | None, Envelope | None]:
    """Return the fact that this one says is wrong, and the one that last says so of this one. Who
    may see a fact may know that it is wrong."""
    if told.subject is None:
        return None, None
    if isinstance(told.fact, RecordCorrected):
        wrong = [
            one
            for one in await deps.log.at(told.tenant, [told.fact.position])
            if (one.id, one.tenant) == (told.fact.corrects, told.tenant)
            and one.subject == told.subject
        ]
        return (wrong[0] if wrong else None), None
    async with deps.snapshot(told.tenant, "learners", subject=told.subject) as snapshot:
        rows = await snapshot.rows(
            """select position from views.corrections
               where subject = %(subject)s and corrects = %(fact)s
               order by position desc limit 1""",
            subject=told.subject,
            fact=told.id,
        )
    found = await deps.log.at(told.tenant, [row["position"] for row in rows])
    return None, (found[0] if found else None)


def _link(envelope: Envelope, names: Titles) -> Link:
    return Link(envelope.position, envelope.id, envelope.type, sentence(envelope, names))
