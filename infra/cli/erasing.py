"""``registrar learners erase``: how is a learner forgotten from a terminal, and what was done?"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from infra.cli.bar import bar
from infra.cli.client import command, get
from infra.cli.errors import Failed
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.cli.waiting import wait
from infra.settings.loading import Loaded

WAIT_SECONDS_DEFAULT = 120
GROUNDS = (
    "no-longer-necessary",
    "consent-withdrawn",
    "objection",
    "unlawful-processing",
    "legal-obligation",
    "child-services",
    "retention-ended",
)


@click.command()
@click.argument("subject")
@click.option("--ground", type=click.Choice(GROUNDS), required=True, help="The legal ground.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.IntRange(0, 86_400),
    default=WAIT_SECONDS_DEFAULT,
    show_default=True,
    help="So many seconds to wait until all is done; it goes on without anybody waiting.",
)
@url_option
@json_option
@with_settings(host_option, port_option)
def erase(
    loaded: Loaded,
    subject: str,
    ground: str,
    url: str | None,
    wait_seconds: int,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Destroy the key of a learner's personal fields, and what could be traced to the person. It
    cannot be taken back. What was done is shown with receipts.

    \b
    Example:
      registrar learners erase oulad-11391 --ground consent-withdrawn
    """
    address = server_url(loaded, url)
    if not yes:
        click.confirm(f"Erase {subject} for good?", abort=True)
    command(address, "erase-learner", {"subject": subject, "ground": ground})
    told = _wait(address, subject, wait_seconds, quiet=as_json)
    if as_json:
        print_json(told)
        return
    print(f"{subject}: {told['status']}")
    print_table(
        ("step", "position", "when", "removed"),
        [
            (
                step["step"],
                step["position"],
                step["recorded_at"],
                ", ".join(f"{one['place']} {one['removed']}" for one in step["receipts"]),
            )
            for step in told["steps"]
        ],
    )
    if told["holds"]:
        print(f"it waits for legal holds: {', '.join(told['holds'])}")
    elif told["digest"]:
        print(f"digest of the receipts: {told['digest']}")


def _wait(address: str, subject: str, seconds: int, *, quiet: bool) -> dict[str, Any]:
    """Return how far it is when it is done, held, or so long was waited. Raises Failed."""
    path = f"/v1/learners/{quote(subject, safe='')}/erasure"
    with bar("erasing", quiet=quiet) as told:

        def look() -> dict[str, Any]:
            found: dict[str, Any] = get(address, path)
            done = len(found["steps"])
            told(done, done + found["steps_left"])
            return found

        found = wait(look, lambda found: found["status"] != "under way", seconds)
    if found["status"] == "under way" and not quiet:
        raise Failed(
            f"after {seconds} s {len(found['steps'])} steps are done; it goes on: "
            f"registrar learners erase {subject} shows it again"
        )
    return found
