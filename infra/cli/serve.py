"""``registrar serve``: how is the server started from a terminal?"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from infra.cli.errors import cluster_only, engine_errors, listening
from infra.cli.options import (
    data_option,
    database_option,
    example_option,
    host_option,
    port_option,
    with_settings,
)
from infra.settings.loading import Loaded

if TYPE_CHECKING:
    from infra.serve_cluster import Only


@click.command()
@example_option
@click.option(
    "--only",
    type=click.Choice(["commands", "queries"]),
    help="Serve one of the two APIs, in a cluster; both, by default.",
)
@with_settings(host_option, port_option, data_option, database_option)
def serve(loaded: Loaded, only: Only | None) -> None:
    """Start the server and its embedded PostgreSQL; Ctrl-C stops both and loses nothing.

    In a cluster (with REGISTRAR_KAFKA set) it is the APIs alone.

    \b
    Example:
      registrar serve --port 8080 --data ./record
      registrar serve --only queries
    """
    settings = loaded.settings
    if only is not None:
        cluster_only("--only", settings)
    with engine_errors(), listening(settings.host, settings.port), suppress(KeyboardInterrupt):
        if settings.is_cluster:
            from infra.serve_cluster import serve_cluster

            serve_cluster(settings, only)
        else:
            from infra.serve import serve as serve_all

            serve_all(settings)
