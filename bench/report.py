"""How does a benchmark say what it measured, and whether that is enough?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table


class Report(msgspec.Struct, frozen=True):
    """What a benchmark measured. A ratio below its goal, or above its limit, is a failure.

    ``ratios`` and ``figures`` are by name; ``goals`` are the least that a ratio should be,
    ``limits`` the most that a figure should be.
    """

    bench: str
    ratios: Mapping[str, float]
    goals: Mapping[str, float]
    figures: Mapping[str, float]
    limits: Mapping[str, float] = {}

    @property
    def reached(self) -> bool:
        """Whether every goal is reached."""
        return all(self.ratios[name] >= goal for name, goal in self.goals.items()) and all(
            self.figures[name] <= limit for name, limit in self.limits.items()
        )

    def as_json(self) -> str:
        """Return the one object that programs read."""
        content = {
            "bench": self.bench,
            "ratios": {name: round(ratio, 3) for name, ratio in self.ratios.items()},
            "goals": dict(self.goals),
            "figures": {name: round(figure, 3) for name, figure in self.figures.items()},
        }
        if self.limits:
            content["limits"] = dict(self.limits)
        return json.dumps(content)

    def print_table(self) -> None:
        """Print a table for a person."""
        table = Table(title=f"bench {self.bench}")
        table.add_column("measured")
        for column in ("value", "goal", ""):
            table.add_column(column, justify="right")
        for name, ratio in self.ratios.items():
            goal = self.goals.get(name)
            verdict = "" if goal is None else "reached" if ratio >= goal else "MISSED"
            table.add_row(name, f"{ratio:.2f} ×", "" if goal is None else f"≥ {goal}", verdict)
        table.add_section()
        for name, figure in self.figures.items():
            limit = self.limits.get(name)
            verdict = "" if limit is None else "reached" if figure <= limit else "MISSED"
            shown = f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:,.2f}"
            table.add_row(name, shown, "" if limit is None else f"≤ {limit:g}", verdict)
        Console().print(table)


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of rounds that were run side by side."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))
