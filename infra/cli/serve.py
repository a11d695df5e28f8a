"""``registrar serve``: how is the server started from a terminal?"""

from __future__ import annotations

import click

from infra.cli.errors import Failed, engine_errors
from infra.cli.options import data_option, database_option, host_option, port_option, with_settings
from infra.settings import Loaded


@click.command()
@click.option(
    "--example/--no-example",
    default=None,
    help="Whether an empty log is given a real OULAD run to look at; it is, by default.",
)
@with_settings(host_option, port_option, data_option, database_option)
def serve(loaded: Loaded) -> None:
    """Start the server and its embedded PostgreSQL; Ctrl-C stops both and loses nothing.

    \b
    Example:
      registrar serve --port 8080 --data ./record
    """
    from infra.serve import serve as start

    with engine_errors():
        try:
            start(loaded.settings)
        except KeyboardInterrupt:
            return  # the ordinary way to stop a server
        except OSError as error:
            if error.filename is not None:  # a file or a folder, not the port
                raise Failed(f"cannot use {error.filename}: {error.strerror}") from error
            at = f"{loaded.settings.host}:{loaded.settings.port}"
            raise Failed(f"cannot listen on {at}: {error.strerror}") from error
