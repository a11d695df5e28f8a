"""``registrar follow``: how do the policies of a cluster run?"""

from __future__ import annotations

import click

from infra.cli.errors import cluster_only, engine_errors, listening
from infra.cli.options import database_option, host_option, probe_port_option, with_settings
from infra.settings.loading import Loaded


@click.command()
@probe_port_option
@with_settings(host_option, database_option)
def follow(loaded: Loaded, probe_port: int) -> None:
    """Run the policies of a cluster, make and rebuild its readings. Of several, one leads.

    The others stand by, and one takes over when the leader ends or dies. A leader that finds that
    it is none any more exits with 70, to be started again.

    \b
    Example:
      registrar follow --probe-port 9101
    """
    from infra.follow import follow as start

    cluster_only("follow", loaded.settings)
    with engine_errors(), listening(loaded.settings.host, probe_port):
        start(loaded.settings, probe_port)
