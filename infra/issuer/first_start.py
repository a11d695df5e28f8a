"""What does the development issuer make by itself: its console, this machine's command line, and
one administrator?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.access import INSTALLATION, Role
from infra.issuer.keys import OTHERS, put
from infra.issuer.model import Client
from infra.issuer.parts import Issuer
from infra.issuer.passwords import generated_password, hashed
from infra.issuer.scopes import OF_PERSON, OF_SERVICE
from infra.issuer.secrets import digest, new_secret
from infra.issuer.users import NameTaken

CONSOLE, COMMAND_LINE = "console", "command-line"
ADMINISTRATOR = "admin"
ADMINISTRATOR_ROLES = (Role.ADMINISTRATOR, Role.REGISTRAR, Role.INSTRUCTOR, Role.AUDITOR)
CREDENTIAL = "command-line.json"


class Credential(NamedTuple):
    """With what a program on this machine asks which issuer for tokens."""

    issuer: str
    client_id: str
    client_secret: str


class WrongCredential(Exception):
    """The file of the credential cannot be used. One sentence."""


def read_credential(folder: Path) -> Credential | None:
    """Return the credential of this machine's command line; None: no server has made one.
    Raises WrongCredential."""
    file = folder / CREDENTIAL
    try:
        if os.name == "posix" and file.stat().st_mode & OTHERS:
            raise WrongCredential(f"{file} may be read by others; it should have mode 0600")
        return Credential(**msgspec.json.decode(file.read_bytes(), type=dict[str, str]))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, TypeError) as error:
        raise WrongCredential(f"{file} cannot be read: {error}") from error


async def make_first(issuer: Issuer, folder: Path) -> str | None:
    """Make what is not there yet. Return the administrator's password, once: when there was nobody
    and so one was made; it is kept nowhere. Raises WrongCredential or OSError."""
    await issuer.clients.put(
        Client(
            id=CONSOLE,
            name="the console",
            tenant=INSTALLATION,
            scopes=OF_PERSON,
            secret=None,
            redirect_uris=[f"{issuer.origin}/console/callback"],
            signed_out_uris=[f"{issuer.origin}/console/signed-out"],
        )
    )
    before = read_credential(folder)
    secret = new_secret() if before is None else before.client_secret
    credential = Credential(issuer.url, COMMAND_LINE, secret)
    if credential != before:
        put(folder / CREDENTIAL, msgspec.json.encode(credential._asdict()).decode() + "\n")
    await issuer.clients.put(
        Client(
            id=credential.client_id,
            name="the command line of this machine",
            tenant=INSTALLATION,
            scopes=OF_SERVICE,
            secret=digest(credential.client_secret),
            redirect_uris=(),
            signed_out_uris=(),
        )
    )
    if await issuer.users.any():
        return None
    password = generated_password()
    roles = [str(role) for role in ADMINISTRATOR_ROLES]
    try:
        await issuer.users.add(ADMINISTRATOR, INSTALLATION, roles, hashed(password))
    except NameTaken:  # another process was quicker, and prints it
        return None
    return password


def about_password(password: str) -> tuple[str, str]:
    """Return the lines that tell the first administrator's password: for a terminal, once."""
    return (
        f"  sign in             as {ADMINISTRATOR} with {password}",
        "                      shown this once; registrar users password admin sets another",
    )
