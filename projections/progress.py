"""How far is each learner in each run, and in each of its items?"""

from __future__ import annotations

from projections.enrolment_progress import ENROLMENT
from projections.enrolment_row import Enrolment
from projections.item_progress import ITEM_PROGRESS, measure_item
from projections.item_row import ItemProgress
from projections.reading import Reading, Tally, View, columns
from projections.waiting import WAITING, Waiting

_SUMS = ("submissions", "graded", "late", "banked", "viewed", "completed", "watched_ms")
_BEFORE_SUMS = Enrolment.__struct_fields__.index("version") + 1
"""Columns that came later stand behind the sums: a view is only ever extended at its end."""

PROGRESS = Reading(
    name="progress",
    version=4,
    documents=(ENROLMENT, ITEM_PROGRESS, WAITING),
    tallies=(
        Tally(
            name="enrolment_items",
            dimensions={"run": str, "subject": str},
            amounts=dict.fromkeys(_SUMS, int),
            measures={"item_progress": measure_item},
        ),
    ),
    views=(
        View(
            "enrolments",
            columns(Enrolment, "e")[:_BEFORE_SUMS]
            + tuple(f"coalesce(s.{name}, 0)::bigint as {name}" for name in _SUMS)
            + columns(Enrolment, "e")[_BEFORE_SUMS:],
            "{enrolment} e left join {enrolment_items} s"
            " on s.tenant = e.tenant and s.run = e.run and s.subject = e.subject",
            "e",
            analysts=(
                *("run", "subject", "status", "mode", "enrolled_at", "withdrawn_at", "outcome"),
                *("outcome_at", "outcome_basis", "percent", "letter", "last_occurred_at", *_SUMS),
            ),
        ),
        View(
            "item_progress",
            columns(ItemProgress),
            "{item_progress}",
            analysts=(
                *("run", "subject", "item", "attempts", "submitted_at", "first_submitted_at"),
                *("late_seconds", "score", "graded_at", "banked", "covered_ms", "completed_at"),
                *("viewed_at", "excused_at"),
            ),
        ),
        View("waitlist", columns(Waiting), "{waiting}"),
    ),
)
