"""``registrar up``: how does everything start with one command?"""

from __future__ import annotations

from contextlib import suppress

import click

from infra.cli.errors import engine_errors, listening
from infra.cli.options import (
    data_option,
    database_option,
    example_option,
    host_option,
    port_option,
    with_settings,
)
from infra.settings.loading import Loaded

PORT_MAX = 65_535


@click.command()
@click.option(
    "--cluster",
    "as_cluster",
    is_flag=True,
    help="Start Kafka, Elasticsearch, Redis and PostgreSQL, and every process of a cluster.",
)
@example_option
@with_settings(host_option, port_option, data_option, database_option)
def up(loaded: Loaded, as_cluster: bool) -> None:
    """Start everything on this machine; Ctrl-C stops it in order and loses nothing.

    Without --cluster that is the server in one process, as with registrar serve. With it, commands
    are at the port that is set, and queries and the console at the next one; what dies is started
    again. The engines are those of make engines.

    \b
    Example:
      registrar up --cluster --data ./record
    """
    settings = loaded.settings
    if as_cluster:
        for name in ("database_url", "kafka"):
            if getattr(settings, name) is not None:
                source = loaded.sources[name]
                raise click.UsageError(f"{source}: up --cluster starts engines of its own")
        _check_ports(loaded)
    with engine_errors(), listening(settings.host, settings.port), suppress(KeyboardInterrupt):
        if as_cluster:
            from infra.supervisor.up import up as start
        else:
            from infra.serve import serve as start
        start(settings)


def _check_ports(loaded: Loaded) -> None:
    """Refuse before any engine is started. Raises UsageError or Failed."""
    from infra.serve import listen

    settings = loaded.settings
    if not 0 < settings.port < PORT_MAX:
        source = loaded.sources["port"]
        raise click.UsageError(f"{source}: up --cluster takes this port and the next one")
    for port in (settings.port, settings.port + 1):
        with listening(settings.host, port):
            listen(settings.host, port).close()
