"""When is an item due for a learner, and why? How many attempts are left?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.assessment import rules
from domain.assessment.dates import EffectiveDue, effective_due
from domain.assessment.facts import ExtensionGranted
from domain.assessment.state import Attempt
from domain.catalogue import facts as catalogue
from domain.catalogue.content import Content
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from read_api.queries.catalogue import DueOverride, Item

Row = Mapping[str, Any]


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """The learner's own terms for an item: their own due date or none at all, attempts beside the
    item's, and what its time limit is multiplied by."""

    due: datetime | None = None
    no_due: bool = False
    attempts: int = 0
    time_factor: str = "1"


class _Made(msgspec.Struct, frozen=True):
    attempt: str
    number: int = 0
    failed: bool = False


class Terms(NamedTuple):
    """What a learner's due dates, attempts and modules rest on, as decisions see it."""

    content: Content
    run: Run
    enrolment: Enrolment

    def due(self, item: Item) -> EffectiveDue:
        """Return when an item is due for the learner, by the rule that decisions keep."""
        return effective_due(_decided_on(item), self.content, self.run, self.enrolment)

    def attempts_left(self, item: Item) -> int | None:
        """Return how many attempts the learner has left, by the rule that decisions keep."""
        if item.attempts is None:
            return None
        known = self.enrolment
        return rules.attempts_left(_decided_on(item), known.attempts, known.extensions)


def _decided_on(item: Item) -> catalogue.Item:
    return catalogue.Item(
        item.item, "page", "", due=item.due, due_after_s=item.due_after_s, attempts=item.attempts
    )


def terms_of(run: Row, enrolment: Row, rows: Sequence[Row]) -> Terms:
    """Take what due dates rest on out of rows of the run, the enrolment and its items."""
    overrides = msgspec.convert(run.get("due_overrides") or [], list[DueOverride])
    modules = msgspec.convert(run.get("modules") or [], list[catalogue.Module])
    extensions = {
        row["item"]: ExtensionGranted(row["item"], **msgspec.structs.asdict(own))
        for row in rows
        if (own := msgspec.convert(row["extension"], Extension | None)) is not None
    }
    return Terms(
        Content(
            modules={one.module: one for one in modules},
            due_overrides={(one.item, one.cohort): one.due for one in overrides},
        ),
        Run(starts=run.get("starts"), ends=run.get("ends")),
        Enrolment(
            began_at=enrolment["began_at"],
            unlocked=frozenset(enrolment["unlocked"] or ()),
            waived=frozenset(enrolment["waived"] or ()),
            cohorts=frozenset(enrolment["cohorts"] or ()),
            extensions=extensions,
            attempts={row["item"]: tuple(_made(row)) for row in rows},
        ),
    )


def _made(row: Row) -> Iterator[Attempt]:
    for one in msgspec.convert(row.get("attempts_detail") or [], list[_Made]):
        if one.number:
            yield Attempt(one.attempt, "", failed=one.failed)
