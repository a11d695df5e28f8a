"""``registrar issuer``: with what does the development issuer sign, and for which programs?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import click

from infra.cli.databases import opened_database
from infra.cli.errors import Failed
from infra.cli.options import data_option, database_option, tenant_option, with_settings
from infra.cli.output import print_table
from infra.issuer.clients import CLIENT_ID, Clients, wrong_redirect
from infra.issuer.keys import FILE, IssuerKeys, WrongKeys
from infra.issuer.model import Client
from infra.issuer.scopes import OF_PERSON, OF_SERVICE
from infra.issuer.secrets import digest, new_secret
from infra.pools import async_pool
from infra.settings.loading import Loaded


@click.group()
def issuer() -> None:
    """Change the development issuer's keys, and the programs that may ask it for tokens.

    \b
    Example:
      registrar issuer add-client reports --scope read --scope analytics
    """


@issuer.command("replace-key")
@with_settings(data_option)
def replace_key(loaded: Loaded) -> None:
    """Sign with a new key from now on. A running server takes it at once, and still believes what
    the last one signed.

    \b
    Example:
      registrar issuer replace-key
    """
    try:
        keys = IssuerKeys(loaded.settings.folder / FILE)
        keys.replace()
    except WrongKeys as error:
        raise Failed(str(error)) from error
    print(f"signs with {keys.signing.kid}")


@issuer.command()
@with_settings(data_option, database_option)
def clients(loaded: Loaded) -> None:
    """List the programs that may ask for tokens.

    \b
    Example:
      registrar issuer clients
    """
    found = _with_clients(loaded, lambda table: table.all())
    print_table(
        ("client", "tenant", "scopes", "proves itself by", "comes back to"),
        [
            (
                one.id,
                one.tenant,
                " ".join(one.scopes),
                "PKCE" if one.secret is None else "a secret",
                " ".join(one.redirect_uris),
            )
            for one in found
        ],
    )


@issuer.command("add-client")
@click.argument("client")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(OF_SERVICE), help="Once for each."
)
@click.option(
    "--redirect-uri",
    "redirect_uris",
    multiple=True,
    help="Where people who sign in with it come back to: then it acts for them.",
)
@click.option("--public", is_flag=True, help="It can keep no secret: it proves itself by PKCE.")
@tenant_option("Whose record it works with.")
@with_settings(data_option, database_option)
def add_client(
    loaded: Loaded,
    client: str,
    scopes: tuple[str, ...],
    redirect_uris: tuple[str, ...],
    public: bool,
    tenant: str,
) -> None:
    """Make a program known, and print its secret: it is shown this once.

    A service names what it may do by itself with --scope. A program in which people sign in names
    where they come back to, and may then do what they may do.

    \b
    Example:
      registrar issuer add-client reports --scope read --scope analytics
      registrar issuer add-client app --redirect-uri http://127.0.0.1:3000/back --public
    """
    if not CLIENT_ID.fullmatch(client):
        raise click.UsageError("CLIENT has up to 56 letters, digits, dots, hyphens, underscores")
    if bool(scopes) == bool(redirect_uris):
        raise click.UsageError("give --scope, for a service, or --redirect-uri, for people")
    if public and not redirect_uris:
        raise click.UsageError("--public: a service proves itself by a secret")
    wrong = wrong_redirect(redirect_uris)
    if wrong is not None:
        raise click.UsageError(f"--redirect-uri: {wrong} is neither https:// nor on this machine")
    secret = None if public else new_secret()
    allowed = scopes or OF_PERSON
    kept = None if secret is None else digest(secret)
    made = Client(client, client, tenant, allowed, kept, redirect_uris, ())

    async def work(table: Clients) -> None:
        if await table.known(client) is not None:
            raise Failed(f"there is a {client} already")
        await table.put(made)

    _with_clients(loaded, work)
    print(client if secret is None else f"{client} proves itself by {secret}")


@issuer.command("remove-client")
@click.argument("client")
@with_settings(data_option, database_option)
def remove_client(loaded: Loaded, client: str) -> None:
    """Forget a program. What it holds ends within ten minutes.

    \b
    Example:
      registrar issuer remove-client reports
    """
    if not _with_clients(loaded, lambda table: table.remove(client)):
        raise Failed(f"there is no {client}")
    print(f"{client} gets no more tokens")


def _with_clients(loaded: Loaded, work: Callable[[Clients], Awaitable[Any]]) -> Any:
    """Do something with the table of programs, and return what comes of it. Raises Failed."""

    async def run(dsn: str) -> Any:
        async with async_pool(dsn, 1) as pool:
            return await work(Clients(pool))

    with opened_database(loaded.settings) as dsn:
        return asyncio.run(run(dsn))
