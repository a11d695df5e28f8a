"""``registrar relay``: how do the facts of a cluster get to Kafka?"""

from __future__ import annotations

import click

from infra.cli.errors import Failed, cluster_only, engine_errors, listening
from infra.cli.options import database_option, host_option, probe_port_option, with_settings
from infra.settings.loading import Loaded


@click.command()
@probe_port_option
@with_settings(host_option, database_option)
def relay(loaded: Loaded, probe_port: int) -> None:
    """Bring the log to Kafka: packed for the workers, and as CloudEvents for the outside.

    Of several, one leads; the others stand by, and one takes over when the leader ends or dies. A
    leader that finds that it is none any more exits with 70, to be started again.

    \b
    Example:
      registrar relay --probe-port 9102
    """
    from infra.relay import relay as start
    from streams.relay.ports import TopicUnfit

    cluster_only("relay", loaded.settings)
    try:
        with engine_errors(), listening(loaded.settings.host, probe_port):
            start(loaded.settings, probe_port)
    except TopicUnfit as error:
        raise Failed(str(error)) from error
