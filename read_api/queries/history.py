"""What happened to a learner, in words?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.kernel import Envelope
from projections.cloudevents import without_personal
from read_api import cursors
from read_api.answers import NOW, Moment, Page, earliest
from read_api.asof import resolve, run_of
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.queries.catalogue import titles
from read_api.sentences.sentence import Titles, sentence


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a learner's history: both times, who did it, under which command, and a sentence
    for a person. ``causation_id`` is the fact that it reacts to, ``grounds`` what the decision
    relied on, ``data`` the payload, personal fields left out. ``corrected_by`` is the position of
    the fact that said by then that this one is wrong."""

    position: int
    id: str
    type: str
    run: str | None
    item: str | None
    stream: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    sentence: str
    grounds: dict[str, Any]
    data: dict[str, Any]
    corrected_by: int | None = None


class History(Page, frozen=True, kw_only=True):
    """A learner's facts, oldest or newest first."""

    subject: str
    facts: list[Entry]


GROUNDS = frozenset(
    {
        "basis",
        "content_number",
        "due",
        "exact",
        "from_run",
        "grader",
        "grader_version",
        "inputs_hash",
        "policy_number",
        "satisfied_by",
        "seat",
    }
)
"""Fields of facts that say what a decision relied on, rather than what it was."""

_KNOWN = """
    from views.history where subject = %(subject)s and position <= %(through)s
      and (%(occurred)s::timestamptz is null or occurred_at <= %(occurred)s)"""


# A correction counts from when it is known, and then for what had occurred whenever it occurred.
_CORRECTED = """
    select corrects, max(position) as position from views.corrections
    where subject = %(subject)s and position <= %(through)s group by corrects"""


async def history(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    newest_first: bool = False,
    types: Sequence[str] | None = None,
    run: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    moment: Moment = NOW,
    min_position: int = 0,
) -> History:
    """Return a page of a learner's history; ``after`` is a cursor. Raises NotFound (nothing at all
    is recorded of this learner by that moment) and BadParameter."""
    check_types(deps, types)
    order = "newest" if newest_first else "oldest"
    beyond = cursors.decode(after, order, (int,))[0] if after is not None else None
    position, occurred = await resolve(deps, moment)
    wanted = max(min_position, position or 0)
    async with deps.snapshot(
        asking.tenant, "history", "learners", min_position=wanted, subject=subject
    ) as snapshot:
        through = snapshot.position if position is None else position
        values = {"subject": subject, "through": through, "occurred": occurred}
        sql = f"""select position {_KNOWN} and (%(run)s::text is null or run = %(run)s)
                    and (%(types)s::text[] is null or type = any(%(types)s))
                    and (%(beyond)s::bigint is null
                         or position {"<" if newest_first else ">"} %(beyond)s)
                  order by position {"desc" if newest_first else "asc"} limit %(limit)s"""
        rows = await snapshot.rows(
            sql,
            **values,
            run=run,
            types=None if types is None else list(types),
            beyond=beyond,
            limit=limit + 1,
        )
        if not rows and not await snapshot.rows(f"select {_KNOWN} limit 1", **values):
            raise NotFound("learner", subject)
        wrong = await snapshot.rows(_CORRECTED, subject=subject, through=through)
    corrected = {row["corrects"]: row["position"] for row in wrong}
    page, last = cursors.cut([row["position"] for row in rows], limit)
    facts = sorted(
        await deps.log.at(asking.tenant, page), key=lambda f: f.position, reverse=newest_first
    )
    names = await titles(deps, asking, sorted({r for f in facts if (r := run_of(f))}))
    return History(
        subject=subject,
        facts=list(entries(facts, names, corrected)),
        next=cursors.encode(order, (last,)) if last is not None else None,
        as_of=await deps.as_of(through, occurred),
        incomplete=earliest(snapshot.parked, history=(subject,)),
    )


def entries(
    facts: Iterable[Envelope], names: Titles, corrected: Mapping[str, int]
) -> Iterable[Entry]:
    """Tell facts as a history does; ``corrected`` are positions of corrections by wrong fact."""
    for fact in facts:
        data = msgspec.to_builtins(without_personal(fact.fact))
        yield Entry(
            position=fact.position,
            id=fact.id,
            type=fact.type,
            run=run_of(fact),
            item=getattr(fact.fact, "item", None),
            stream=fact.stream,
            version=fact.version,
            occurred_at=fact.occurred_at,
            recorded_at=fact.recorded_at,
            actor=fact.actor,
            command_id=fact.command_id,
            correlation_id=fact.correlation_id,
            causation_id=fact.causation_id,
            sentence=sentence(fact, names),
            corrected_by=corrected.get(fact.id),
            grounds={n: said for n, said in data.items() if n in GROUNDS and said is not None},
            data=data,
        )


def check_types(deps: ReadDependencies, types: Sequence[str] | None) -> None:
    """Raise BadParameter where one of these is no type of facts."""
    for name in types or ():
        if name not in deps.registry.types:
            raise BadParameter("type", f"there are no facts of type {name}")
