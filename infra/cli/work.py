"""``registrar work``: how are readings of a cluster kept up?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from infra.cli.errors import cluster_only, engine_errors, listening
from infra.cli.options import database_option, host_option, probe_port_option, with_settings
from infra.settings.loading import Loaded
from projections.register import READINGS


@click.command()
@click.argument(
    "readings",
    metavar="READING...",
    nargs=-1,
    required=True,
    type=click.Choice([one.name for one in READINGS]),
)
@click.option(
    "--instance",
    help="A name that is this process's alone, and the same after a restart: it takes up its"
    " partitions again at once.",
)
@probe_port_option
@with_settings(host_option, database_option)
def work(loaded: Loaded, readings: Sequence[str], instance: str | None, probe_port: int) -> None:
    """Keep one reading of a cluster up from Kafka, or several from the same messages. Processes
    that are given the same readings share the partitions.

    At any doubt it exits with 70, to be started again.

    \b
    Example:
      registrar work progress catalogue --instance progress-0 --probe-port 9111
      registrar work certificates due --instance small-0 --probe-port 9112
    """
    from infra.work import work as start

    cluster_only("work", loaded.settings)
    with engine_errors(), listening(loaded.settings.host, probe_port):
        start(loaded.settings, tuple(dict.fromkeys(readings)), probe_port, instance)
