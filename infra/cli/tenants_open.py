"""``registrar tenants open``: how is an institution given a place?"""

from __future__ import annotations

import click

from infra.cli.client import command
from infra.cli.options import host_option, port_option, server_url, url_option, with_settings
from infra.settings.loading import Loaded


@click.command("open")
@click.argument("tenant")
@click.option("--title", required=True, help="What the institution is called.")
@url_option
@with_settings(host_option, port_option)
def open_(loaded: Loaded, tenant: str, title: str, url: str | None) -> None:
    """Give an institution a place of its own, called TENANT.

    \b
    Example:
      registrar tenants open north --title "University of the North"
    """
    command(server_url(loaded, url), "open-tenant", {"tenant": tenant, "title": title})
    print(f"{tenant} is open")
