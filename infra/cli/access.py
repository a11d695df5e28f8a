"""``registrar access``: who has which role, who had, and how is one given or taken?"""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

import click

from domain.access.facts import RoleName
from infra.cli.client import command, get
from infra.cli.moments import instant, moment
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_recorded, print_table
from infra.settings.loading import Loaded

GRANTS_SHOWN_MAX = 500

_role = click.argument("role", type=click.Choice(get_args(RoleName)))
_run = click.option("--run", help="The run that it holds in; without, it is the whole tenant.")


@click.group()
def access() -> None:
    """Show who may do what, now or on a past day; give roles and take them.

    \b
    Example:
      registrar access list --role instructor
      registrar access list --holder tutor-17 --as-of 2014-02-01T00:00:00Z
      registrar access grant tutor-17 instructor --run AAA-2013J
      registrar access revoke tutor-17 instructor --run AAA-2013J
    """


@access.command(name="list")
@click.option("--holder", help="Of one person or program, with what had ended, too.")
@click.option("--role", type=click.Choice(get_args(RoleName)), help="Of one role.")
@_run
@click.option(
    "--as-of", help="What held at a time like 2014-02-01T12:00:00Z, as recorded, or a position."
)
@url_option
@json_option
@with_settings(host_option, port_option)
def list_(
    loaded: Loaded,
    holder: str | None,
    role: str | None,
    run: str | None,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Show who has which role, or had."""
    asked: dict[str, Any] = {}
    if as_of is not None:
        at = instant("--as-of", as_of)
        asked["as_of_position" if at.isdigit() else "as_of_recorded"] = at
    address = server_url(loaded, url)
    if holder is not None:
        if role is not None or run is not None:
            raise click.UsageError("--holder: goes without --role and --run")
        found = get(address, f"/v1/access/{quote(holder, safe='')}", asked)
    else:
        asked |= {"role": role, "run": run, "limit": GRANTS_SHOWN_MAX}
        asked = {name: value for name, value in asked.items() if value is not None}
        found = get(address, "/v1/access", asked)
    if as_json:
        print_json(found)
        return
    print_table(
        ("holder", "role", "run", "granted", "by", "until", "holds"),
        [
            (
                row["holder"],
                row["role"],
                row["run"] or "all",
                row["granted_at"][:10],
                row["granted_by"],
                (row["revoked_at"] or row["until"] or "")[:10],
                "yes" if row["holds"] else "no",
            )
            for row in found["grants"]
        ],
    )


@access.command()
@click.argument("holder")
@_role
@_run
@click.option("--until", help="When it ends, a time like 2030-08-01T00:00:00Z; without, never.")
@url_option
@json_option
@with_settings(host_option, port_option)
def grant(
    loaded: Loaded,
    holder: str,
    role: str,
    run: str | None,
    until: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Give somebody a role."""
    ends = None if until is None else moment("--until", until)
    body = {"holder": holder, "role": role, "run": run, "until": ends}
    print_recorded(command(server_url(loaded, url), "grant-role", body), as_json=as_json)


@access.command()
@click.argument("holder")
@_role
@_run
@url_option
@json_option
@with_settings(host_option, port_option)
def revoke(
    loaded: Loaded, holder: str, role: str, run: str | None, url: str | None, as_json: bool
) -> None:
    """Take a role away."""
    body = {"holder": holder, "role": role, "run": run}
    print_recorded(command(server_url(loaded, url), "revoke-role", body), as_json=as_json)
