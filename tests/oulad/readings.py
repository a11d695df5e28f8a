"""What do the readings say? Asked with SQL, through the views that analysts use."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg2
import psycopg2.extras

from tests.oulad.expected import Figures, ItemFigures

KEY = ("tenant", "run", "day")


def all_figures(dsn: str) -> dict[str, Figures]:
    """Return the same figures as ``expected.all_figures``, out of the readings."""
    connection = psycopg2.connect(dsn, cursor_factory=psycopg2.extras.DictCursor)
    try:
        with connection.cursor() as cursor:
            return _figures(cursor)
    finally:
        connection.close()


def _figures(cursor: Any) -> dict[str, Figures]:
    items: defaultdict[str, dict[str, ItemFigures]] = defaultdict(dict)
    buckets: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    cursor.execute("select run, item, bucket, learners from views.item_scores where learners > 0")
    for run, item, bucket, learners in cursor:
        buckets[run, item][bucket] = learners
    cursor.execute("select * from views.item_totals")
    for row in cursor:
        items[row["run"]][row["item"]] = ItemFigures(
            submissions=row["submissions"],
            late=row["late"],
            graded=row["graded"],
            mean=_mean(row["raw_sum"], row["scored"]),
            banked=row["banked"],
            banked_mean=_mean(row["banked_raw_sum"], row["banked_scored"]),
            buckets=buckets[row["run"], row["item"]],
        )
    days: defaultdict[str, dict[date, Counter[str]]] = defaultdict(dict)
    cursor.execute("select * from views.run_daily")
    for row in cursor:
        counts = {name: row[name] for name in row.keys() if name not in KEY}  # noqa: SIM118
        days[row["run"]][row["day"]] = Counter(counts)
    cursor.execute("select * from views.run_totals")
    return {
        row["run"]: Figures(
            enrolled=row["enrolled"],
            enrolled_day_unknown=row["enrolled_day_unknown"],
            withdrawn=row["withdrawn"],
            submissions=row["submissions"],
            late=row["late"],
            graded=row["graded"],
            banked=row["banked"],
            outcomes=Counter(
                {
                    "pass": row["pass"],
                    "distinction": row["distinction"],
                    "fail": row["fail"],
                    "withdrawn": row["outcome_withdrawn"],
                }
            ),
            certificates=row["certificates"],
            refused=0,
            items=items[row["run"]],
            days=days[row["run"]],
        )
        for row in cursor.fetchall()
    }


def certificates(dsn: str) -> Counter[str]:
    """Return the certificates issued in each run, counted from the documents themselves."""
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select run, count(*) from views.certificates group by run")
            return Counter(dict(cursor.fetchall()))
    finally:
        connection.close()


def _mean(total: Decimal, count: int) -> Fraction | None:
    return Fraction(total) / count if count else None
