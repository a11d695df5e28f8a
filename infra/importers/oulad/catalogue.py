"""Which commands bring OULAD's modules, presentations and assessments into the catalogue?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from infra.importers.oulad.fates import Row, Sendable, sendable
from infra.importers.oulad.tables import AssessmentRow, CourseRow, Tables, VleRow, run_of
from infra.importers.oulad.times import DUE, MIDNIGHT, Calendar

COURSES_SINCE = "2012-02-01T00:00:00Z"
ANNOUNCED_DAYS = 365
"""The data does not say when a run was announced: a year before its start, before any registration
(the earliest is 322 days before). All courses are there when the first run is announced."""

MODE = "honor"
POSSIBLE = "100"
CUTOFFS = ({"letter": "Distinction", "percent": 85}, {"letter": "Pass", "percent": 40})
"""The university's usual marks; a convention here, since the data does not hold them."""

SHARE_UNITS = 1_000_000

ASSESSMENT_KINDS = {"TMA": "assignment", "CMA": "quiz", "Exam": "exam"}
READINGS = frozenset(("resource", "oucontent", "glossary", "dualpane", "dataplus", "folder"))
QUIZZES = frozenset(("quiz", "externalquiz"))


def catalogue_parcels(tables: Tables) -> Iterator[list[Sendable]]:
    """Yield the courses, and then for each run its dates, its content and its grading policy."""
    courses = [(row, Row("courses", run_of(row))) for row in tables.courses]
    by_module = defaultdict(list)
    for row, fate in courses:
        by_module[row.module].append(fate)
    yield [_course(module, fates) for module, fates in by_module.items()]
    assessments: defaultdict[str, list[AssessmentRow]] = defaultdict(list)
    for assessment in tables.assessments:
        assessments[run_of(assessment)].append(assessment)
    vle: defaultdict[str, list[VleRow]] = defaultdict(list)
    for site in tables.vle:
        vle[run_of(site)].append(site)
    for row, fate in courses:
        yield list(_run(row, fate, assessments[run_of(row)], vle[run_of(row)]))


def _course(module: str, fates: Sequence[Row]) -> Sendable:
    body = {"course": module, "title": f"Module {module}", "occurred_at": COURSES_SINCE}
    return sendable("create-course", f"{module}:create-course", body, *fates)


def _run(
    course: CourseRow, fate: Row, assessments: Sequence[AssessmentRow], vle: Sequence[VleRow]
) -> Iterator[Sendable]:
    run = run_of(course)
    calendar = Calendar(course.presentation)
    announced = calendar.at(-ANNOUNCED_DAYS, MIDNIGHT)
    fates = [Row("assessments", f"{run} assessment {row.assessment}") for row in assessments]
    sites = [Row("vle", f"{run} site {row.site}") for row in vle]
    yield sendable(
        "schedule-run",
        f"{run}:schedule",
        {
            "run": run,
            "course": course.module,
            "title": f"Module {course.module}, presentation {course.presentation}",
            "starts": calendar.at(0, MIDNIGHT),
            "ends": calendar.at(course.length_days, MIDNIGHT),
            "modes": [MODE],
            "certificate_modes": [MODE],
            "occurred_at": announced,
        },
        fate,
    )
    items = [_assessment_item(row, calendar) for row in assessments]
    items += [_site_item(row) for row in vle]
    body: dict[str, Any] = {"run": run, "items": items, "occurred_at": announced}
    yield sendable("publish-content", f"{run}:content", body, *fates, *sites)
    policy = {"kind": "weighted", "categories": _categories(assessments), "cutoffs": CUTOFFS}
    body = {"run": run, "policy": policy, "occurred_at": announced}
    yield sendable("publish-grading-policy", f"{run}:policy", body, *fates)


def _assessment_item(row: AssessmentRow, calendar: Calendar) -> dict[str, Any]:
    item = {
        "item": row.assessment,
        "kind": ASSESSMENT_KINDS.get(row.type, "assignment"),
        "title": f"{row.type} {row.assessment}",
        "module": "Assessment",
        "category": row.type,
        "weight": _decimal(row.weight),
        "possible": POSSIBLE,
        "label": row.type,
    }
    if row.day is not None:
        item["due"] = calendar.at(row.day, DUE)
    return item


def _site_item(row: VleRow) -> dict[str, Any]:
    activity = row.activity_type
    return {
        "item": row.site,
        "kind": "reading" if activity in READINGS else "quiz" if activity in QUIZZES else "page",
        "title": f"{activity} {row.site}",
        "module": _weeks(row.week_from, row.week_to),
        "label": activity,
    }


def _weeks(first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return f"Week {first}" if last in (None, first) else f"Weeks {first} to {last}"


def _categories(assessments: Sequence[AssessmentRow]) -> list[dict[str, str]]:
    """A category for each type, weighted by its share; a type that weighs nothing has none.

    Shares have six decimals. What rounding leaves over (thirds, in module CCC) goes to the
    heaviest category, so that they add up to 1 exactly.
    """
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in assessments:
        sums[row.type] += row.weight
    total = Fraction(sum(sums.values(), Decimal()))
    weights = {kind: weight for kind, weight in sums.items() if weight > 0}
    shares = {kind: _share(Fraction(weight) / total) for kind, weight in weights.items()}
    heaviest = max(weights, key=weights.__getitem__, default=None)
    if heaviest is not None:
        shares[heaviest] += 1 - sum(shares.values(), Decimal())
    return [{"name": kind, "weight": _decimal(share)} for kind, share in shares.items()]


def _decimal(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _share(share: Fraction) -> Decimal:
    return Decimal(round(share * SHARE_UNITS)) / SHARE_UNITS
