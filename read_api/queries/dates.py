"""When is an item due for a learner, and why?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.assessment.dates import EffectiveDue, effective_due
from domain.assessment.facts import ExtensionGranted
from domain.catalogue import facts as catalogue
from domain.catalogue.state import Content, Run
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


class Terms(NamedTuple):
    """What a learner's due dates rest on, as decisions see it."""

    content: Content
    run: Run
    enrolment: Enrolment

    def due(self, item: Item | None) -> EffectiveDue | None:
        """Return when an item is due for the learner, by the rule that decisions keep."""
        if item is None:
            return None
        as_decided = catalogue.Item(
            item.item, "page", "", due=item.due, due_after_s=item.due_after_s
        )
        return effective_due(as_decided, self.content, self.run, self.enrolment)


def terms_of(run: Row, enrolment: Row, rows: Sequence[Row]) -> Terms:
    """Take what due dates rest on out of rows of the run, the enrolment and its items."""
    overrides = msgspec.convert(run.get("due_overrides") or [], list[DueOverride])
    extensions = {
        row["item"]: ExtensionGranted(row["item"], **msgspec.structs.asdict(own))
        for row in rows
        if (own := msgspec.convert(row["extension"], Extension | None)) is not None
    }
    return Terms(
        Content(due_overrides={(one.item, one.cohort): one.due for one in overrides}),
        Run(starts=run.get("starts"), ends=run.get("ends")),
        Enrolment(
            began_at=enrolment["began_at"],
            cohorts=frozenset(enrolment["cohorts"] or ()),
            extensions=extensions,
        ),
    )
