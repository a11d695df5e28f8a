"""What should the readings say? Computed from the CSV files alone.

Nothing is imported from the product: the rules are written down here a second time, in days and not
in times, so that a fault in the importer or in a reading shows as a difference.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[2] / "examples" / "oulad"


class Figures(NamedTuple):
    """The figures of one run. Means are exact, in percent; days are dates in UTC."""

    enrolled: int
    enrolled_day_unknown: int
    withdrawn: int
    submissions: int
    late: int
    graded: int
    banked: int
    outcomes: Counter[str]
    certificates: int
    refused: int
    items: dict[str, ItemFigures]
    days: dict[date, Counter[str]]


class ItemFigures(NamedTuple):
    """The figures of one assessment. Means are exact; banked results are apart from the others,
    but for the buckets: tenths of the score, of which 10 is full marks."""

    submissions: int
    late: int
    graded: int
    mean: Fraction | None
    banked: int
    banked_mean: Fraction | None
    buckets: Counter[int]


def rows(table: str) -> list[dict[str, str]]:
    """Return a table's rows as they stand in the file."""
    with gzip.open(FOLDER / f"{table}.csv.gz", "rt", newline="") as file:
        return list(csv.DictReader(file))


def all_figures() -> dict[str, Figures]:
    """Return the figures of every run, by ``AAA-2013J``."""
    due = {}
    run_of_item = {}
    for row in rows("assessments"):
        run_of_item[row["id_assessment"]] = name(row)
        due[row["id_assessment"]] = int(row["date"]) if row["date"] else None
    left: dict[tuple[str, str], int] = {}
    registrations = defaultdict(list)
    for row in rows("studentRegistration"):
        registrations[name(row)].append(row)
        if row["date_unregistration"]:
            left[name(row), row["id_student"]] = int(row["date_unregistration"])
    results: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in rows("studentInfo"):
        results[name(row)][row["id_student"]] = row["final_result"].lower()
    work = defaultdict(list)
    for row in rows("studentAssessment"):
        work[run_of_item[row["id_assessment"]]].append(row)
    return {
        name(row): figures(
            name(row),
            int(row["module_presentation_length"]),
            registrations[name(row)],
            results[name(row)],
            work[name(row)],
            due,
            left,
        )
        for row in rows("courses")
    }


def figures(
    run: str,
    length: int,
    registrations: list[dict[str, str]],
    results: dict[str, str],
    work: list[dict[str, str]],
    due: dict[str, int | None],
    left: dict[tuple[str, str], int],
) -> Figures:
    """Work out one run."""
    days: defaultdict[date, Counter[str]] = defaultdict(Counter)
    last = dict.fromkeys(results, length)
    for row in registrations:
        for column, what in (
            ("date_registration", "enrolments"),
            ("date_unregistration", "withdrawals"),
        ):
            if row[column]:
                days[day(run, row[column])][what] += 1
                last[row["id_student"]] = max(last[row["id_student"]], int(row[column]))
    taken: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    refused = 0
    for row in work:
        last[row["id_student"]] = max(last[row["id_student"]], int(row["date_submitted"]))
        if int(row["date_submitted"]) > left.get((run, row["id_student"]), 10**6):
            refused += 1
            continue
        taken[row["id_assessment"]].append(row)
        if row["is_banked"] == "False":
            on = days[day(run, row["date_submitted"])]
            on["submissions"] += 1
            on["late"] += is_late(row, due)
            on["grades"] += row["score"] != ""
    for student, result in results.items():
        if result in ("pass", "distinction"):
            issued = day(run, str(last[student]))
            days[issued]["certificates"] += 1
    items = {item: item_figures(handed_in, due) for item, handed_in in taken.items()}
    outcomes = Counter(results.values())
    return Figures(
        enrolled=len(registrations),
        enrolled_day_unknown=sum(row["date_registration"] == "" for row in registrations),
        withdrawn=sum(row["date_unregistration"] != "" for row in registrations),
        submissions=sum(item.submissions for item in items.values()),
        late=sum(item.late for item in items.values()),
        graded=sum(item.graded for item in items.values()),
        banked=sum(item.banked for item in items.values()),
        outcomes=outcomes,
        certificates=outcomes["pass"] + outcomes["distinction"],
        refused=refused,
        items=items,
        days=dict(days),
    )


def item_figures(taken: list[dict[str, str]], due: dict[str, int | None]) -> ItemFigures:
    """Work out one assessment."""
    handed_in = [row for row in taken if row["is_banked"] == "False"]
    banked = [row for row in taken if row["is_banked"] == "True"]
    scores = [int(row["score"]) for row in handed_in if row["score"] != ""]
    carried = [int(row["score"]) for row in banked if row["score"] != ""]
    return ItemFigures(
        submissions=len(handed_in),
        late=sum(is_late(row, due) for row in handed_in),
        graded=len(scores),
        mean=Fraction(sum(scores), len(scores)) if scores else None,
        banked=len(banked),
        banked_mean=Fraction(sum(carried), len(carried)) if carried else None,
        buckets=Counter(score // 10 for score in (*scores, *carried)),
    )


def is_late(row: dict[str, str], due: dict[str, int | None]) -> bool:
    """Late is a day after the due day; work on the day itself is in time."""
    limit = due[row["id_assessment"]]
    return limit is not None and int(row["date_submitted"]) > limit


def name(row: dict[str, str]) -> str:
    """Return the run of a row."""
    return row["code_module"] + "-" + row["code_presentation"]


def day(run: str, number: str) -> date:
    """Return the date of a day of a run: 2013B began in February 2013, J in October."""
    presentation = run.split("-")[1]
    month = 2 if presentation.endswith("B") else 10
    return date(int(presentation[:4]), month, 1) + timedelta(days=int(number))
