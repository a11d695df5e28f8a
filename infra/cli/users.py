"""``registrar users``: who may sign in with the development issuer?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import click

from domain.access import Role
from infra.cli.asking import hidden
from infra.cli.databases import opened_database
from infra.cli.errors import Failed
from infra.cli.options import (
    data_option,
    database_option,
    json_option,
    tenant_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.issuer.model import User
from infra.issuer.passwords import WeakPassword, generated_password, hashed, refuse_weak
from infra.issuer.users import NAME_CHARACTERS_MAX, NameTaken, Users
from infra.pools import async_pool
from infra.settings.loading import Loaded

ROLES = [str(role) for role in Role if role is not Role.POLICY]
prompt_option = click.option(
    "--prompt",
    is_flag=True,
    help="Ask for the password, or read it from a pipe, instead of printing a random one.",
)


@click.group()
def users() -> None:
    """Add, list and change the people of the development issuer.

    Another issuer keeps its people itself.

    \b
    Example:
      registrar users add ada --role instructor
    """


@users.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), help="Once for each role."
)
@tenant_option("Whose record they work with.")
@prompt_option
@with_settings(data_option, database_option)
def add(loaded: Loaded, name: str, roles: tuple[str, ...], tenant: str, prompt: bool) -> None:
    """Add a person, and print their password: it is shown this once.

    \b
    Example:
      registrar users add ada --role instructor --role grader
    """
    if not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise click.UsageError(f"NAME has 1 to {NAME_CHARACTERS_MAX} characters")
    password = _password(name, prompt)

    async def work(people: Users) -> None:
        try:
            await people.add(name, tenant, roles, hashed(password))
        except NameTaken:
            raise Failed(f"there is a {name} already") from None

    _with_users(loaded, work)
    _tell(name, password, prompt)


@users.command("list")
@json_option
@with_settings(data_option, database_option)
def list_(loaded: Loaded, as_json: bool) -> None:
    """List everybody, with tenant, roles and second factor.

    \b
    Example:
      registrar users list
    """

    async def work(people: Users) -> list[User]:
        return await people.all()

    found: list[User] = _with_users(loaded, work)
    if as_json:
        print_json([_row(user) for user in found])
        return
    columns = ("name", "tenant", "roles", "second factor", "state")
    print_table(
        columns,
        [
            (
                user.name,
                user.tenant,
                ", ".join(user.roles),
                "yes" if user.second_factor else "no",
                "disabled" if user.disabled else "",
            )
            for user in found
        ],
    )


@users.command()
@click.argument("name")
@prompt_option
@with_settings(data_option, database_option)
def password(loaded: Loaded, name: str, prompt: bool) -> None:
    """Give somebody another password, and sign them out.

    \b
    Example:
      registrar users password admin
    """
    fresh = _password(name, prompt)
    _change(loaded, name, lambda people, user: people.set_password(user.id, hashed(fresh)))
    _tell(name, fresh, prompt)


@users.command()
@click.argument("name")
@with_settings(data_option, database_option)
def disable(loaded: Loaded, name: str) -> None:
    """Let somebody sign in no more. What they hold ends within ten minutes.

    \b
    Example:
      registrar users disable ada
    """
    _change(loaded, name, lambda people, user: people.set_disabled(user.id, True))
    print(f"{name} may sign in no more")


@users.command()
@click.argument("name")
@with_settings(data_option, database_option)
def enable(loaded: Loaded, name: str) -> None:
    """Let somebody sign in again.

    \b
    Example:
      registrar users enable ada
    """
    _change(loaded, name, lambda people, user: people.set_disabled(user.id, False))
    print(f"{name} may sign in again")


@users.command("reset-second-factor")
@click.argument("name")
@with_settings(data_option, database_option)
def reset_second_factor(loaded: Loaded, name: str) -> None:
    """Forget somebody's phone and recovery codes, and sign them out.

    \b
    Example:
      registrar users reset-second-factor ada
    """
    _change(loaded, name, lambda people, user: people.reset_second_factor(user.id))
    print(f"{name} signs in with the password, and can add a phone then")


def _password(name: str, prompt: bool) -> str:
    """Return a random password, or one that is asked for. Raises Failed."""
    if not prompt:
        return generated_password()
    asked = hidden("password", twice=True)
    try:
        refuse_weak(asked, name)
    except WeakPassword as error:
        raise Failed(str(error)) from error
    return asked


def _tell(name: str, password: str, prompt: bool) -> None:
    print(f"{name} signs in with {'that password' if prompt else password}")


def _change(loaded: Loaded, name: str, change: Callable[[Users, User], Awaitable[None]]) -> None:
    """Change one person. Raises Failed where there is no such one."""

    async def work(people: Users) -> None:
        user = await people.named(name)
        if user is None:
            raise Failed(f"there is no {name}")
        await change(people, user)

    _with_users(loaded, work)


def _with_users(loaded: Loaded, work: Callable[[Users], Awaitable[Any]]) -> Any:
    """Do something with the table of people, and return what comes of it. Raises Failed."""

    async def run(dsn: str) -> Any:
        async with async_pool(dsn, 1) as pool:
            return await work(Users(pool))

    with opened_database(loaded.settings) as dsn:
        return asyncio.run(run(dsn))


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "tenant": user.tenant,
        "roles": list(user.roles),
        "second_factor": user.second_factor is not None,
        "disabled": user.disabled,
        "made_at": user.made_at,
    }
