"""``registrar tenants list``: which tenants are there, and how much of each?"""

from __future__ import annotations

from typing import Any

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
from infra.settings.loading import Loaded


@click.command("list")
@url_option
@json_option
@with_settings(host_option, port_option)
def list_(loaded: Loaded, url: str | None, *, as_json: bool) -> None:
    """List the tenants, with how many facts and learners each has.

    \b
    Example:
      registrar tenants list
    """
    found = listed(server_url(loaded, url))
    if as_json:
        print_json(found)
        return
    print_table(
        ("tenant", "status", "title", "facts", "learners"),
        [
            (one["tenant"], one["status"], one["title"] or "", one["facts"], one["learners"])
            for one in found
        ],
    )


def listed(address: str) -> list[dict[str, Any]]:
    """Return all tenants. Raises Failed."""
    found: list[dict[str, Any]] = []
    following: str | None = None
    while True:
        page = get(address, "/v1/tenants", {"next": following})
        found += page["tenants"]
        following = page["next"]
        if following is None:
            return found
