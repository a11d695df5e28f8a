"""``registrar analysts``: who may analyse a tenant's records in SQL?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from infra.cli.databases import opened_database
from infra.cli.errors import Failed
from infra.cli.options import data_option, database_option, json_option, with_settings
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded


@click.group()
def analysts() -> None:
    """Add, list and remove logins that see a tenant's records under pseudonyms.

    \b
    Example:
      registrar analysts add ada --tenant main
    """


@analysts.command()
@click.argument("name")
@click.option("--tenant", required=True, help="Whose records the login sees.")
@json_option
@with_settings(data_option, database_option)
def add(loaded: Loaded, name: str, tenant: str, as_json: bool) -> None:
    """Make a PostgreSQL login for NAME, and print its password, this once.

    \b
    Example:
      registrar analysts add ada --tenant main
    """
    from infra.analysts.logins import add as make

    with _opened(loaded) as dsn:
        login, password = make(dsn, name, tenant)
    if as_json:
        print_json({"login": login, "password": password, "tenant": tenant})
    else:
        click.echo(f"login     {login}\npassword  {password}\n")
        click.echo("The password is kept nowhere. The views are in the schema analytics.")


@analysts.command("list")
@json_option
@with_settings(data_option, database_option)
def list_(loaded: Loaded, as_json: bool) -> None:
    """List the analysts.

    \b
    Example:
      registrar analysts list
    """
    from infra.analysts.logins import Analyst, listed

    with _opened(loaded) as dsn:
        found = listed(dsn)
    if as_json:
        print_json([one._asdict() for one in found])
    else:
        print_table(Analyst._fields, [tuple(map(str, one)) for one in found])


@analysts.command()
@click.argument("name")
@with_settings(data_option, database_option)
def remove(loaded: Loaded, name: str) -> None:
    """Remove the login of NAME, and end its sessions.

    \b
    Example:
      registrar analysts remove ada
    """
    from infra.analysts.logins import remove as drop

    with _opened(loaded) as dsn:
        drop(dsn, name)


@contextmanager
def _opened(loaded: Loaded) -> Iterator[str]:
    import psycopg

    from infra.analysts.logins import NotDone

    with opened_database(loaded.settings) as dsn:
        try:
            yield dsn
        except (NotDone, psycopg.Error) as error:
            raise Failed(str(error)) from error
