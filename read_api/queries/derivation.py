"""Which facts does a displayed value follow from?

Found by folding, not from a table of who depends on whom: facts are left out for as long as the
same folds and the same grading still give the same value. What remains is enough for the value, and
without any one of it the value would be another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from domain.access import Principal
from domain.kernel import Envelope
from read_api import asof
from read_api.answers import NOW, Answer, Moment
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.queries import history
from read_api.queries.catalogue import titles
from read_api.queries.grade import graded
from read_api.queries.progress import progressed
from read_api.queries.standing import Stand, stand_in

FOLDS_MAX = 2_000
"""Of one answer; where they do not suffice, it holds more facts than needed, and says so."""


class Derivation(Answer, frozen=True, kw_only=True):
    """A value of an enrolment and the facts that it follows from, of the learner and of the run, in
    order of position. ``minimal``: none of them can be left out."""

    run: str
    subject: str
    value: str
    item: str | None
    shown: Any
    facts: list[history.Entry]
    minimal: bool


def _grade(run: str, subject: str, stand: Stand, _: str | None) -> Any:
    found = graded(run, subject, stand, explain=False)
    return {"current": found.current, "official": found.official, "outcome": found.outcome}


def _progress(run: str, subject: str, stand: Stand, _: str | None) -> Any:
    found = progressed(run, subject, stand)
    told = msgspec.structs.asdict(found)
    return {name: told[name] for name in told if name not in ("as_of", "incomplete", "items")}


def _item(_run: str, _subject: str, stand: Stand, item: str | None) -> Any:
    row = next((row for row in stand.rows if row["item"] == item), None)
    if row is None:
        return None
    return {name: row[name] for name in row if name not in ("run", "subject", "position")}


def _of_enrolment(*names: str) -> Callable[[str, str, Stand, str | None], Any]:
    return lambda _run, _subject, stand, _item: {name: stand.enrolment[name] for name in names}


VALUES: dict[str, Callable[[str, str, Stand, str | None], Any]] = {
    "grade": _grade,
    "progress": _progress,
    "item": _item,
    "status": _of_enrolment("status", "mode", "enrolled_at", "withdrawn_at"),
    "outcome": _of_enrolment("outcome", "outcome_at", "outcome_basis"),
    "certificate": _of_enrolment("certificate"),
}
"""What can be asked about, and how it is worked out."""


async def derivation(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    value: str,
    *,
    item: str | None = None,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Derivation:
    """Return the facts that a value follows from. Raises NotFound and BadParameter."""
    if value not in VALUES:
        raise BadParameter("value", f"must be one of {', '.join(VALUES)}")
    if (item is None) == (value == "item"):
        raise BadParameter("item", "goes with value=item, and only with that")
    known = await asof.facts_of(deps, asking.tenant, subject, moment, min_position)
    own = [fact for fact in known.facts if asof.run_of(fact) == run]
    of_run = await asof.facts_of_runs(deps, asking.tenant, {run}, known.as_of)
    facts = [*own, *(fact for fact in of_run if fact.subject is None)]

    def shown(facts: Sequence[Envelope]) -> Any:
        mine = [fact for fact in facts if fact.subject == subject]
        past = asof.told_by(mine, [fact for fact in facts if fact.subject is None], known)
        if run not in past.enrolments:
            return None
        return msgspec.to_builtins(VALUES[value](run, subject, stand_in(past, run), item))

    wanted = shown(facts)
    if wanted is None and item is not None:
        raise NotFound("work on item", f"{run}/{item}")
    if wanted is None:
        raise NotFound("enrolment", f"{run}/{subject}")
    needed, minimal = await asyncio.to_thread(enough, facts, lambda some: shown(some) == wanted)
    names = await titles(deps, asking, [run])
    return Derivation(
        run=run,
        subject=subject,
        value=value,
        item=item,
        shown=wanted,
        facts=list(history.entries(sorted(needed, key=lambda fact: fact.position), names, {})),
        minimal=minimal,
        as_of=known.as_of,
        incomplete=known.incomplete,
    )


def enough(
    facts: Sequence[Envelope], suffices: Callable[[Sequence[Envelope]], bool]
) -> tuple[Sequence[Envelope], bool]:
    """Leave facts out, halves first, then ever smaller parts, for as long as the rest suffices.

    Return the rest, and whether none of it can be left out. Delta debugging, complements only
    (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002).
    """
    kept = list(facts)
    size, folds, changed = max(1, len(kept) // 2), 0, False
    while kept:
        start = 0
        while start < len(kept):
            if folds == FOLDS_MAX:
                return kept, False
            folds += 1
            rest = kept[:start] + kept[start + size :]
            if suffices(rest):
                kept, changed = rest, True
            else:
                start += size
        if size == 1 and not changed:
            break
        size, changed = max(1, size // 2), False
    return kept, True
