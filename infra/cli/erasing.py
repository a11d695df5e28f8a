"""``registrar learners erase``: how is a learner forgotten from a terminal, and what was done?"""

from __future__ import annotations

from urllib.parse import quote

import click

from infra.cli.client import command
from infra.cli.erasures import Erasure, erasure_options, wait_until_erased
from infra.cli.options import host_option, port_option, server_url, with_settings
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded

WAIT_SECONDS_DEFAULT = 120


@click.command()
@click.argument("subject")
@erasure_options(WAIT_SECONDS_DEFAULT, "whether it is meant")
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
    told = wait_until_erased(
        address,
        f"/v1/learners/{quote(subject, safe='')}/erasure",
        "under way",
        _steps,
        wait_seconds,
        f"registrar learners erase {subject}",
        quiet=as_json,
    )
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


def _steps(told: Erasure) -> tuple[int, int]:
    done = len(told["steps"])
    return done, done + told["steps_left"]
