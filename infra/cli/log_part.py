"""``registrar log part``: how is what is old set apart, to be put on other storage?"""

from __future__ import annotations

import click
import psycopg

from infra.cli.databases import opened_database
from infra.cli.errors import Failed
from infra.cli.options import data_option, database_option, with_settings
from infra.settings.loading import Loaded


@click.command()
@with_settings(data_option, database_option)
def part(loaded: Loaded) -> None:
    """Set all facts that are recorded so far apart, in a table that can lie on other storage.

    It takes a moment, whatever their number: nothing is moved. Everything goes on as before, and
    every proof stays valid. Stop all that uses the database first.

    \b
    Example:
      registrar log part
    """
    from infra.log.parts import InUse, begin_part

    try:
        with opened_database(loaded.settings) as dsn:
            begun = begin_part(dsn)
    except (InUse, psycopg.Error) as error:
        raise Failed(str(error).strip()) from error
    if begun is None:
        print("nothing was recorded since the last part")
    else:
        print(f"log.{begun.table}: all facts up to position {begun.through:,}")
