"""Where does a learner stand in a run, at a moment?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from domain.access import Principal
from domain.catalogue.facts import GradingPolicy, LatePolicy
from projections.item_row import ItemProgress as ItemRow
from projections.item_row import begun_at
from read_api import asof
from read_api.answers import AsOf, Incomplete, Moment, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.queries.catalogue import Item, item_of, read_items
from read_api.queries.dates import Terms, terms_of

Row = Mapping[str, Any]


class Stand(NamedTuple):
    """What progress and grade are worked out from, at one moment."""

    enrolment: Row
    rows: Sequence[Row]
    items: Sequence[Item]
    policy: GradingPolicy | None
    policy_number: int
    late: LatePolicy | None
    terms: Terms
    as_of: AsOf
    incomplete: Incomplete | msgspec.UnsetType


async def read_stand(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    moment: Moment,
    min_position: int,
) -> Stand:
    """Read where a learner stands in a run at a moment. Raises NotFound.

    Where one reading is ahead of the other, and has taken in something later about this very
    enrolment or run, the answer is folded as of the position that both have reached.
    """
    if not moment.is_now:
        past = await asof.learner(deps, asking, subject, moment, min_position, run=run)
        if run not in past.enrolments:
            raise NotFound("enrolment", f"{run}/{subject}")
        return stand_in(past, run)
    async with deps.snapshot(
        asking.tenant, "progress", "catalogue", min_position=min_position, subject=subject
    ) as snapshot:
        key = {"run": run, "subject": subject}
        found = await snapshot.rows(
            "select * from views.enrolments where run = %(run)s and subject = %(subject)s", **key
        )
        if not found:
            raise NotFound("enrolment", f"{run}/{subject}")
        rows = await snapshot.rows(
            "select * from views.item_progress where run = %(run)s and subject = %(subject)s", **key
        )
        items = await read_items(snapshot, run)
        policies = await snapshot.rows(
            """select policy, policy_number, late, starts, ends, due_overrides, modules,
                      updated_position as position
               from views.runs where run = %(run)s""",
            run=run,
        )
    if any(row["position"] > snapshot.position for row in (*found, *rows, *policies)):
        common = Moment(position=snapshot.position)
        return await read_stand(deps, asking, run, subject, common, min_position)
    policy = policies[0] if policies else {}
    counting = since_beginning(found[0], rows)
    return Stand(
        found[0],
        counting,
        items,
        msgspec.convert(policy.get("policy"), GradingPolicy | None),
        policy.get("policy_number") or 0,
        msgspec.convert(policy.get("late"), LatePolicy | None),
        terms_of(policy, found[0], counting),
        AsOf.of(snapshot),
        earliest(snapshot.parked, progress=(run, subject), catalogue=(run,)),
    )


def stand_in(past: asof.Past, run: str) -> Stand:
    """Return where a learner stood in a run that they were in."""
    enrolment, known = past.enrolments[run], past.runs.get(run, {})
    rows = since_beginning(enrolment, past.item_progress.get(run, ()))
    return Stand(
        enrolment,
        rows,
        [item_of(row) for row in past.items.get(run, ())],
        msgspec.convert(known.get("policy"), GradingPolicy | None),
        known.get("policy_number") or 0,
        msgspec.convert(known.get("late"), LatePolicy | None),
        terms_of(known, enrolment, rows),
        past.as_of,
        past.incomplete,
    )


def since_beginning(enrolment: Row, rows: Sequence[Row]) -> list[Row]:
    """Leave out what was done before the learner last began the run from nothing."""
    began = enrolment["began_position"]
    if not began:
        return list(rows)
    return [_begun(row, began) for row in rows if row["position"] >= began]


def _begun(row: Row, position: int) -> Row:
    item = begun_at(msgspec.convert(dict(row), ItemRow), position)
    return {
        name: msgspec.to_builtins(value, builtin_types=(datetime, Decimal))
        for name, value in msgspec.structs.asdict(item).items()
    }
