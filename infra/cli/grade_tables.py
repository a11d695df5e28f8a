"""How does a terminal show which grades change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from infra.cli.output import print_table

ROWS_SHOWN_MAX = 200


def show_changes(found: dict[str, Any]) -> None:
    """Show what a changed gradebook would change, and which cells cannot be taken."""
    changes = found["changes"]
    print_table(
        ("line", "learner", "item", "change", "before", "after"),
        [
            (
                change["line"],
                change["subject"],
                change["item"],
                change["command"],
                _score(change["old"], change["old_possible"]),
                _score(change["new"], change["possible"]),
            )
            for change in changes[:ROWS_SHOWN_MAX]
        ],
        title=f"{len(changes)} changes, {found['unchanged']} cells as they stand",
    )
    if found["grades"]:
        print_table(
            ("learner", "grade", "would be"),
            [
                (
                    one["subject"],
                    f"{one['percent']}% {one['letter'] or ''}",
                    f"{one['new_percent']}% {one['new_letter'] or ''}",
                )
                for one in found["grades"][:ROWS_SHOWN_MAX]
            ],
            title=f"{len(found['grades'])} grades would change",
        )
    if found["refused"]:
        print_table(
            ("line", "learner", "item", "cell", "why not"),
            [
                (one["line"], one["subject"], one["item"], one["value"], one["detail"])
                for one in found["refused"][:ROWS_SHOWN_MAX]
            ],
            title=f"{len(found['refused'])} cells cannot be taken",
        )


def _score(raw: str | None, possible: str | None) -> str:
    return "–" if raw is None else f"{raw} of {possible}"


def show_what_if(changes: Sequence[dict[str, Any]], result: dict[str, Any]) -> None:
    """Show whose grade, pass or certificate on record would be another, and the sums."""
    print_table(
        ("learner", "grade", "would be", "passed", "would have", "certificate", "would be had"),
        [
            (
                change["subject"],
                _grade(change["before"]) + ("" if change["recorded"] else " (not recorded)"),
                _grade(change["after"]),
                *("yes" if side["passed"] else "no" for side in _sides(change)),
                *("yes" if side["certificate"] else "no" for side in _sides(change)),
            )
            for change in changes[:ROWS_SHOWN_MAX]
        ],
        title=f"Of {result['learners']} learners {result['grades']} grades, {result['passes']} "
        f"passes and {result['certificates']} certificates would change",
    )
    regrade, raised = result["regrade"], result["only_if_higher"]
    click.echo(
        f"As a regrade: of {result['recorded']} grades on record {regrade['rise']} would rise, "
        f"{regrade['fall']} fall and {regrade['stay']} stay; only if higher: {raised['rise']} rise."
    )


def _grade(side: dict[str, Any]) -> str:
    return "none" if side["percent"] is None else f"{side['percent']}% {side['letter'] or ''}"


def _sides(change: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return change["before"], change["after"]
