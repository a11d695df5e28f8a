"""How do runs and items do: enrolments, submissions, lateness, scores, outcomes, day by day?

All sums are exact, and follow every correction, because they are differences of what each
learner's documents contribute before and after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from domain.grading.counting import Candidate, Mark, Score, choose
from projections.analysed import LEARNER, WORK, Learner, Work
from projections.exact import decile, number, score, share
from projections.reading import Amounts, Key, Reading, Tally, View

RUN_TOTALS = (
    "enrolled",
    "active",
    "withdrawn",
    "transferred",
    "enrolled_day_unknown",
    "submissions",
    "late",
    "graded",
    "banked",
    "pass",
    "distinction",
    "fail",
    "outcome_withdrawn",
    "certificates",
    "revoked",
)
RUN_DAILY = ("enrolments", "withdrawals", "submissions", "late", "grades", "certificates")
ITEM_TOTALS = {
    "submissions": int,
    "late": int,
    "graded": int,
    "scored": int,
    "raw_sum": Decimal,
    "possible_sum": Decimal,
    "share_sum": Decimal,
    "banked": int,
    "banked_scored": int,
    "banked_raw_sum": Decimal,
    "banked_possible_sum": Decimal,
}
_NONE = Decimal(0)


def learner_totals(learner: Learner) -> Mapping[Key, Amounts]:
    """Learners of the run (each once), by status and outcome; certificates ever issued."""
    status, outcome = learner.status, learner.outcome
    return {
        (learner.run,): (
            int(bool(learner.enrolled)),
            int(status == "active"),
            int(status == "withdrawn"),
            int(status == "transferred"),
            learner.enrolled.count(None),
            0,
            0,
            0,
            0,
            int(outcome == "pass"),
            int(outcome == "distinction"),
            int(outcome == "fail"),
            int(outcome == "withdrawn"),
            len(learner.certificates),
            learner.revoked,
        )
    }


def work_totals(work: Work) -> Mapping[Key, Amounts]:
    """Submissions, late ones, attempts graded, results banked."""
    submissions, late, graded = _counts(work)
    zero = (0,) * 5
    return {(work.run,): (*zero, submissions, late, graded, int(work.banked), *zero, 0)}


def learner_daily(learner: Learner) -> Mapping[Key, Amounts]:
    """Enrolments of a known day, departures and certificates, by day."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0] * 6)
    for day in learner.enrolled:
        if day is not None:
            days[day][0] += 1
    for day in learner.left:
        days[day][1] += 1
    for day in learner.certificates:
        days[day][5] += 1
    return {(learner.run, day): tuple(amounts) for day, amounts in days.items()}


def work_daily(work: Work) -> Mapping[Key, Amounts]:
    """Submissions, late ones, and attempts by the day of their latest grade."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0] * 6)
    for one in work.tries:
        if one.day is not None:
            days[one.day][2] += 1
            days[one.day][3] += one.late
        if one.graded is not None:
            days[one.graded][4] += 1
    return {(work.run, day): tuple(amounts) for day, amounts in days.items()}


def item_totals(work: Work) -> Mapping[Key, Amounts]:
    """Counts, and exact sums over what counts of each learner's own: the override, or the best
    graded attempt after its penalty; banked results apart.

    ``share_sum`` sums raw / possible, each rounded to 6 decimals, where something was possible.
    """
    best = _counts_of(work, banked=False)
    worth = score(*best) if best else None
    banked = (work.banked_raw, work.banked_possible)
    return {
        (work.run, work.item): (
            *_counts(work),
            int(best is not None),
            number(best[0]) if best else _NONE,
            number(best[1]) if best else _NONE,
            worth if worth is not None else _NONE,
            int(work.banked),
            int(banked[0] is not None),
            number(banked[0]) if banked[0] is not None else _NONE,
            number(banked[1]) if banked[0] is not None and banked[1] is not None else _NONE,
        )
    }


def item_scores(work: Work) -> Mapping[Key, Amounts]:
    """The tenth that the learner's score falls into, banked results among them."""
    best = _counts_of(work, banked=True)
    worth = share(*best) if best else None
    return {} if worth is None else {(work.run, work.item, decile(worth)): (1,)}


def _counts(work: Work) -> tuple[int, int, int]:
    tries = work.tries
    return (
        sum(1 for one in tries if one.day is not None),
        sum(1 for one in tries if one.late),
        sum(1 for one in tries if one.raw is not None),
    )


def _counts_of(work: Work, *, banked: bool) -> Score | None:
    """The score that counts."""
    candidates = [
        Candidate("attempt", one.attempt, Mark(one.raw, one.possible, one.deducted))
        for one in work.tries
        if one.raw is not None and one.possible is not None and not one.voided
    ]
    if banked and work.banked_raw is not None and work.banked_possible is not None:
        candidates.append(Candidate("banked", None, Mark(work.banked_raw, work.banked_possible)))
    override = None
    if work.override_raw is not None and work.override_possible is not None:
        override = Score(work.override_raw, work.override_possible)
    missing = None
    if work.missing_raw is not None and work.missing_possible is not None:
        missing = Score(work.missing_raw, work.missing_possible)
    counted = choose(candidates, override, missing)
    return None if counted is None else counted.score


ANALYTICS = Reading(
    name="analytics",
    version=3,
    documents=(LEARNER, WORK),
    tallies=(
        Tally(
            name="run_totals",
            dimensions={"run": str},
            amounts=dict.fromkeys(RUN_TOTALS, int),
            measures={"learner": learner_totals, "work": work_totals},
        ),
        Tally(
            name="run_daily",
            dimensions={"run": str, "day": date},
            amounts=dict.fromkeys(RUN_DAILY, int),
            measures={"learner": learner_daily, "work": work_daily},
        ),
        Tally(
            name="item_totals",
            dimensions={"run": str, "item": str},
            amounts=ITEM_TOTALS,
            measures={"work": item_totals},
        ),
        Tally(
            name="item_scores",
            dimensions={"run": str, "item": str, "bucket": int},
            amounts={"learners": int},
            measures={"work": item_scores},
        ),
    ),
    views=tuple(
        View(name, tuple(f'"{one}"' for one in fields), f"{{{name}}}", analysts=fields)
        for name, fields in (
            ("run_totals", ("run", *RUN_TOTALS)),
            ("run_daily", ("run", "day", *RUN_DAILY)),
            ("item_totals", ("run", "item", *ITEM_TOTALS)),
            ("item_scores", ("run", "item", "bucket", "learners")),
        )
    ),
)
