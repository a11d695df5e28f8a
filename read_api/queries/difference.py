"""What changed in a learner's record between two moments, and by which facts?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api import asof
from read_api.answers import Answer, AsOf, Moment
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.parameters import POSITION_MAX
from read_api.queries import history
from read_api.queries.catalogue import titles
from read_api.queries.grade import graded
from read_api.queries.learners import EnrolmentRow
from read_api.queries.standing import stand_in

_OF_ITEM = (
    "attempts", "submitted_at", "late_seconds", "score", "raw", "possible", "graded_at", "banked",
    "banked_from", "covered_ms", "viewed_at", "completed_at",
)  # fmt: skip
_OF_GRADE = ("percent", "letter", "exact", "policy_number")
_NOTED = frozenset({"run", "subject", "last_occurred_at"})
"""Fields of an enrolment that every fact moves, or none."""

Values = Mapping[tuple[str, str | None, str], Any]
"""Values by run, item (None: of the enrolment) and name."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is not the same; null: there was none. ``because`` are the positions of the
    facts of this run (and item) that are known at only one of the moments; none: it follows from
    facts of the run alone, such as its policy."""

    run: str
    item: str | None
    name: str
    before: Any
    after: Any
    because: list[int]


class Difference(Answer, frozen=True, kw_only=True):
    """A learner's record at two moments. ``added`` are the facts that only the later one knows,
    ``gone`` those that only the earlier one does: possible where one is of recorded and one of
    occurred time, or ``to`` lies before ``from``. ``as_of`` is the second moment."""

    subject: str
    since: AsOf
    changes: list[Change]
    added: list[history.Entry]
    gone: list[history.Entry]


def moment(name: str, text: str, axis: str) -> Moment:
    """Read a position, or a time on an axis. Raises BadParameter."""
    if text.isascii() and text.isdigit():
        position = int(text)
        if position > POSITION_MAX:
            raise BadParameter(name, f"must be {POSITION_MAX} at most")
        return Moment(position=position)
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise BadParameter(name, "must be a position or a time like 2014-05-03T12:00Z") from None
    if at.tzinfo is None:
        raise BadParameter(name, "needs a time zone, such as Z")
    at = at.astimezone(UTC)
    return Moment(occurred=at) if axis == "occurred" else Moment(recorded=at)


async def difference(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    begin: Moment,
    end: Moment,
    min_position: int = 0,
) -> Difference:
    """Compare two moments, each folded as queries fold them. Raises NotFound (nothing is recorded
    by either) and BadParameter."""
    after, before = await asyncio.gather(
        asof.learner(deps, asking, subject, end, min_position),
        asof.learner(deps, asking, subject, begin),
    )
    if not after.facts and not before.facts:
        raise NotFound("learner", subject)
    then = {fact.position: fact for fact in before.facts}
    now = {fact.position: fact for fact in after.facts}
    added = [fact for position, fact in now.items() if position not in then]
    gone = [fact for position, fact in then.items() if position not in now]
    either = (*added, *gone)
    names = await titles(deps, asking, sorted({r for f in either if (r := asof.run_of(f))}))
    told, untold = list(history.entries(added, names, {})), list(history.entries(gone, names, {}))
    return Difference(
        subject=subject,
        since=before.as_of,
        changes=list(_changes(_values(before), _values(after), (*told, *untold))),
        added=told,
        gone=untold,
        as_of=after.as_of,
        incomplete=after.incomplete or before.incomplete,
    )


def _changes(before: Values, after: Values, facts: Sequence[history.Entry]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old != new:
            run, item, name = key
            yield Change(
                run=run,
                item=item,
                name=name,
                before=old,
                after=new,
                because=[
                    fact.position
                    for fact in facts
                    if fact.run == run and (item is None or fact.item == item)
                ],
            )


def _values(past: asof.Past) -> Values:
    found: dict[tuple[str, str | None, str], Any] = {}
    for run, row in past.enrolments.items():
        for name in EnrolmentRow.__struct_fields__:
            if name not in _NOTED:
                found[run, None, name] = row[name]
        stand = stand_in(past, run)
        current = graded(run, row["subject"], stand, explain=False).current
        for name in _OF_GRADE:
            found[run, None, f"current_{name}"] = getattr(current, name, None)
        for of_item in stand.rows:
            for name in _OF_ITEM:
                found[run, of_item["item"], name] = of_item[name]
    return found
