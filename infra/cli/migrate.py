"""``registrar migrate``: how does a database get its tables before the processes start?"""

from __future__ import annotations

import click

from infra.cli.errors import engine_errors
from infra.cli.options import data_option, database_option, with_settings
from infra.settings.loading import Loaded


@click.command()
@with_settings(data_option, database_option)
def migrate(loaded: Loaded) -> None:
    """Make or change the tables of the database, once, before the processes of a cluster start.

    What is there already is left alone, so it may be run again and again. A server in one process
    does this by itself.

    \b
    Example:
      registrar migrate --database-url postgresql://registrar@db/records
    """
    from infra.compose.parts import migrated

    with engine_errors():
        applied = migrated(loaded.settings)
    print(f"migrated: {', '.join(applied)}" if applied else "nothing to do: all is there already")
