"""``registrar learner``: what does the record say of one learner, now or at an earlier moment?"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from infra.cli import audit, evidence
from infra.cli.client import get
from infra.cli.moments import instant
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded

FACTS_DEFAULT = 20
FACTS_MAX = 500


@click.command()
@click.argument("subject")
@click.option("--as-of", help="A position of the log, or a time like 2014-02-01T12:00:00Z.")
@click.option(
    "--occurred", is_flag=True, help="Take the time of --as-of as occurred, not recorded, time."
)
@click.option("--since", help="Show what changed since a position or time like --as-of's.")
@click.option(
    "--why",
    metavar="VALUE",
    help="Show the facts that a value of a run follows from: grade, outcome, status, certificate, "
    "progress, or the id of an item.",
)
@click.option("--run", "in_run", help="The run that --why asks about.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all that is sealed of the learner into this zip file, with its proofs and a page "
    "to read: registrar verify checks it anywhere.",
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
    since: str | None,
    why: str | None,
    in_run: str | None,
    bundle: Path | None,
    facts: int,
    url: str | None,
    as_json: bool,
) -> None:
    """Show a learner's runs and facts, now or as they were; what changed; what a value rests on.

    \b
    Example:
      registrar learner oulad-11391
      registrar learner oulad-11391 --as-of 2014-02-01T00:00:00Z --occurred
      registrar learner oulad-11391 --since 2014-01-01T00:00:00Z --as-of 2014-02-01T00:00:00Z
      registrar learner oulad-11391 --why grade --run AAA-2013J
      registrar learner oulad-11391 --bundle oulad-11391.zip
    """
    address, moment = server_url(loaded, url), _moment(as_of, occurred=occurred and not since)
    path = f"/v1/learners/{quote(subject, safe='')}"
    if (why is None) != (in_run is None) or (why is not None and since is not None):
        raise click.UsageError("--why goes with --run, and not with --since")
    if bundle is not None:
        if as_of is not None or since is not None or why is not None:
            raise click.UsageError("--bundle: holds the whole history, as of now")
        evidence.write_bundle(address, path, bundle, as_json=as_json)
        return
    if since is not None:
        if occurred and since.isdigit() and (as_of is None or as_of.isdigit()):
            raise click.UsageError("--occurred: goes with a time, and --since is a position")
        axis = "occurred" if occurred else "recorded"
        asked = {"from": instant("--since", since), "axis": axis}
        if as_of is not None:
            asked["to"] = instant("--as-of", as_of)
        audit.show_difference(get(address, f"{path}/history/diff", asked), as_json=as_json)
        return
    if why is not None:
        of_run = f"/v1/enrolments/{quote(in_run or '', safe='')}/{quote(subject, safe='')}"
        wanted = {"value": why} if why in audit.VALUES else {"value": "item", "item": why}
        found = get(address, f"{of_run}/derivation", moment | wanted)
        audit.show_derivation(found, as_json=as_json)
        return
    about = get(address, path, moment)
    enrolments = get(address, f"{path}/enrolments", moment)["enrolments"]
    history: list[dict[str, Any]] = []
    if facts:
        asked_facts = {**moment, "order": "newest", "limit": facts}
        history = get(address, f"{path}/history", asked_facts)["facts"]
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
    at = instant("--as-of", as_of)
    if at.isdigit():
        if occurred:
            raise click.UsageError("--occurred: goes with a time, and --as-of is a position")
        return {"as_of_position": int(at)}
    return {"as_of_occurred" if occurred else "as_of_recorded": at}


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
