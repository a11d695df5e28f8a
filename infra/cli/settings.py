"""``registrar settings``: what are all settings, and where does each come from?"""

from __future__ import annotations

import click

from infra.cli.options import (
    data_option,
    database_option,
    host_option,
    json_option,
    port_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded, shown


@click.command()
@json_option
@with_settings(host_option, port_option, data_option, database_option)
def settings(loaded: Loaded, as_json: bool) -> None:
    """Show all settings with their source; secrets are masked.

    \b
    Example:
      REGISTRAR_PORT=8080 registrar settings
    """
    entries = shown(loaded)
    if as_json:
        print_json(entries)
        return
    rows = [
        (entry["name"], entry["value"], entry["source"], entry["description"]) for entry in entries
    ]
    print_table(("setting", "value", "source", "what it is"), rows)
