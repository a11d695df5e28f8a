"""``registrar tenants erase``: how is a tenant forgotten from a terminal, and what was done?"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from infra.cli.bar import bar
from infra.cli.client import command, get
from infra.cli.erasing import GROUNDS
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
from infra.cli.tenants_list import listed
from infra.cli.waiting import wait as wait_until
from infra.settings.loading import Loaded

STEPS = 4
WAIT_SECONDS_DEFAULT = 600


@click.command()
@click.argument("tenant")
@click.option("--ground", type=click.Choice(GROUNDS), required=True, help="The legal ground.")
@click.option("--yes", is_flag=True, help="Do not ask for the tenant's name again.")
@click.option(
    "--wait",
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
    tenant: str,
    ground: str,
    url: str | None,
    wait: int,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase every learner of TENANT, and what leads to its people. It cannot be taken back.

    \b
    Example:
      registrar tenants erase north --ground no-longer-necessary
    """
    address = server_url(loaded, url)
    found = next((one for one in listed(address) if one["tenant"] == tenant), None)
    if found is None:
        raise Failed(f"there is no tenant {tenant}")
    if not yes:
        told = f"{found['learners']:,} learners of {tenant} are erased for good. Its name again"
        if click.prompt(told) != tenant:
            raise Failed("that is another name: nothing was erased")
    command(address, "erase-tenant", {"tenant": tenant, "ground": ground})
    done = _wait(address, tenant, wait, quiet=as_json)
    if as_json:
        print_json(done)
        return
    print(f"{tenant}: {done['status']}")
    print_table(
        ("step", "position", "when"),
        [(one["step"], one["position"], one["recorded_at"]) for one in done["steps"]],
    )
    if done["status"] == "erasure on hold":
        print_table(
            ("learner", "legal holds"),
            [(one["subject"], ", ".join(one["holds"])) for one in done["held"]],
            title=f"{done['held_learners']:,} learners are held",
        )
        raise Failed("lift the holds, and ask again: nothing was erased")
    removed = ", ".join(f"{one['place']} {one['removed']:,}" for one in done["receipts"])
    print(f"{done['learners'] or 0:,} learners; {removed}")


def _wait(address: str, tenant: str, seconds: int, *, quiet: bool) -> dict[str, Any]:
    """Return how far it is when it is done, held, or so long was waited. Raises Failed."""
    path = f"/v1/tenants/{quote(tenant, safe='')}/erasure"
    with bar("erasing", quiet=quiet) as told:

        def look() -> dict[str, Any]:
            found: dict[str, Any] = get(address, path)
            told(min(len(found["steps"]), STEPS), STEPS)
            return found

        found = wait_until(look, lambda found: found["status"] != "being erased", seconds)
    if found["status"] == "being erased" and not quiet:
        raise Failed(
            f"after {seconds} s it goes on: registrar tenants erase {tenant} shows it again"
        )
    return found
