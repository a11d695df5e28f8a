"""``registrar learner``: what does the record say of one learner, now or at an earlier moment?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import click

from infra.cli.client import get
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings import Loaded

FACTS_DEFAULT = 20
FACTS_MAX = 500


@click.command()
@click.argument("subject")
@click.option("--as-of", help="A position of the log, or a time like 2014-02-01T12:00:00Z.")
@click.option(
    "--occurred", is_flag=True, help="Take the time of --as-of as occurred, not recorded, time."
)
@click.option(
    "--facts",
    type=click.IntRange(0, FACTS_MAX),
    default=FACTS_DEFAULT,
    show_default=True,
    help="How many facts to show, newest first.",
)
@url_option
@json_option
@with_settings(host_option, port_option)
def learner(
    loaded: Loaded,
    subject: str,
    as_of: str | None,
    occurred: bool,
    facts: int,
    url: str | None,
    as_json: bool,
) -> None:
    """Show a learner's runs and facts, now or as they were.

    \b
    Example:
      registrar learner oulad-11391
      registrar learner oulad-11391 --as-of 2014-02-01T00:00:00Z --occurred
    """
    address, moment = server_url(loaded, url), _moment(as_of, occurred=occurred)
    path = f"/v1/learners/{quote(subject, safe='')}"
    about = get(address, path, moment)
    enrolments = get(address, f"{path}/enrolments", moment)["enrolments"]
    history: list[dict[str, Any]] = []
    if facts:
        asked = {**moment, "order": "newest", "limit": facts}
        history = get(address, f"{path}/history", asked)["facts"]
    if as_json:
        print_json({"learner": about, "enrolments": enrolments, "facts": history})
        return
    _print_learner(about, enrolments, history)


def _moment(as_of: str | None, *, occurred: bool) -> dict[str, Any]:
    """Read --as-of: digits are a position, anything else is a time; without an offset, in UTC."""
    if as_of is None:
        if occurred:
            raise click.UsageError("--occurred: says how to take --as-of, which is missing")
        return {}
    if as_of.isascii() and as_of.isdigit():
        if occurred:
            raise click.UsageError("--occurred: goes with a time, and --as-of is a position")
        return {"as_of_position": int(as_of)}
    try:
        time = datetime.fromisoformat(as_of)
    except ValueError as error:
        raise click.UsageError(
            f"--as-of: {as_of!r} is neither a position nor a time like 2014-02-01T12:00:00Z"
        ) from error
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return {"as_of_occurred" if occurred else "as_of_recorded": aware.isoformat()}


def _print_learner(
    about: dict[str, Any], enrolments: list[dict[str, Any]], history: list[dict[str, Any]]
) -> None:
    as_of = about["as_of"]
    moment = as_of.get("occurred_at") or as_of["recorded_at"]
    print(
        f"{about['subject']}: enrolments {about['enrolments']}, certificates "
        f"{about['certificates']}, facts {about['facts']} "
        f"(as of position {as_of['position']}, {moment})\n"
    )
    print_table(
        ("run", "status", "enrolled", "handed in", "late", "graded", "outcome", "certificate"),
        [
            (
                row["run"],
                row["status"],
                str(row["enrolled_at"])[:10] if row["day_known"] else "unknown",
                row["submissions"],
                row["late"],
                row["graded"],
                row["outcome"],
                row["certificate"],
            )
            for row in enrolments
        ],
    )
    if history:
        print()
        print_table(
            ("position", "occurred", "what happened"),
            [(fact["position"], fact["occurred_at"], fact["sentence"]) for fact in history],
        )
