"""``registrar token``: what does a program show a server?"""

from __future__ import annotations

import click

from infra.cli.authorization import program
from infra.cli.errors import Failed
from infra.cli.options import (
    data_option,
    host_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.settings.fields import variable
from infra.settings.loading import Loaded


@click.command()
@click.option("--scope", "scopes", multiple=True, help="Once for each; by default all there are.")
@url_option
@with_settings(host_option, port_option, data_option)
def token(loaded: Loaded, scopes: tuple[str, ...], url: str | None) -> None:
    """Print an access token of a program that acts for itself.

    Of the program in REGISTRAR_CLIENT_ID and REGISTRAR_CLIENT_SECRET, from the issuer that is set;
    otherwise, on the machine of a development issuer, of its command line.

    \b
    Example:
      curl -H "Authorization: Bearer $(registrar token)" http://127.0.0.1:8000/v1/runs
      registrar token --scope read --scope analytics
    """
    found = program(loaded.settings, server_url(loaded, url), scopes)
    if found is None:
        raise Failed(
            f"there is nothing to get a token with: set {variable('client_id')} and "
            f"{variable('client_secret')}, or start a server here with access development"
        )
    print(found.token())
