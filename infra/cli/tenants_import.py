"""``registrar tenants import``: how does a tenant come in from another installation?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec
import psycopg

from domain.access import INSTALLATION, Principal, Role
from domain.evidence.notes import WrongNote, parse_key
from domain.evidence.verifying import LINE_BYTES_MAX, Rejected, Verified, facts, verify
from infra.cli.asking import hidden
from infra.cli.bar import bar
from infra.cli.databases import opened_database
from infra.cli.errors import Failed, engine_errors
from infra.cli.options import data_option, database_option, json_option, with_settings
from infra.cli.output import print_json
from infra.settings.fields import Settings
from infra.settings.loading import Loaded

if TYPE_CHECKING:
    from infra.moving.sealed_keys import Keys

OPERATOR = Principal(
    "operator", INSTALLATION, "command-line", frozenset({Role.ADMINISTRATOR}), strong=True
)
"""Whoever has the database and the keys at hand."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--keys",
    "keys_file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file of keys that was written with it.",
)
@click.option(
    "--key", "of_log", required=True, metavar="KEY", help="The verifier key of the log it is from."
)
@click.option(
    "--secret",
    envvar="REGISTRAR_TENANT_SECRET",
    help="What opens the keys. Where it is not given it is asked for, or read from a pipe.",
)
@json_option
@with_settings(data_option, database_option)
def import_(
    loaded: Loaded, file: Path, keys_file: Path, of_log: str, secret: str | None, *, as_json: bool
) -> None:
    """Take the tenant in FILE in, under its name, with the keys of its learners: all of it or
    nothing. Again, it adds nothing. While it runs, nothing else is recorded.

    \b
    Example:
      registrar tenants import north.jsonl --keys north.keys --key 'registrar+1f2e3d4c+AX…'
    """
    from infra.evidence.keys import check
    from infra.moving.sealed_keys import WrongKeys, opened
    from infra.moving.taking_in import NotTaken

    if secret is None:
        secret = hidden("secret")
    try:
        known = parse_key(of_log)
        with file.open("rb") as lines:
            found = verify(_lines(lines), [known], check)
        if found.tenant in (None, INSTALLATION) or found.subject is not None:
            raise Failed(f"{file} does not hold the facts of one tenant that can be taken in")
        tenant = str(found.tenant)
        keys = opened(keys_file.read_bytes(), tenant, secret)
        with engine_errors(), opened_database(loaded.settings) as dsn:
            told = asyncio.run(_take_in(dsn, loaded.settings, file, found, keys, quiet=as_json))
    except (Rejected, WrongNote) as error:
        raise Failed(f"{file} is not what was sealed: {error}") from error
    except (NotTaken, WrongKeys, psycopg.Error) as error:
        raise Failed(str(error)) from error
    if as_json:
        print_json(told)
    else:
        print(
            f"{tenant}: {told['facts']:,} facts, {told['added']:,} of them new here; "
            f"{told['keys']:,} keys; SHA-256 of the bodies {told['digest']}"
        )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.readline(LINE_BYTES_MAX), b"")


async def _take_in(
    dsn: str, settings: Settings, file: Path, found: Verified, keys: Keys, *, quiet: bool
) -> dict[str, Any]:
    """Take keys and facts in, in this order, and keep where they are from."""
    from domain.streams import REGISTRY
    from infra.compose.keys import keeping_keys
    from infra.compose.parts import commanding
    from infra.moving.sealed_keys import adopt
    from infra.moving.taking_in import take_in
    from infra.web.metrics import Metrics

    tenant = str(found.tenant)
    async with keeping_keys(settings, dsn) as store, commanding(dsn, store, Metrics()) as commands:
        with file.open("rb") as lines, bar("importing", quiet=quiet) as told:

            def tell(done: int) -> None:
                told(done, found.facts)

            taken = take_in(
                dsn,
                tenant,
                facts(_lines(lines)),
                REGISTRY,
                lambda: adopt(store, tenant, keys),
                tell,
            )
        body = {
            "tenant": tenant,
            "checkpoint": found.note,
            "facts": taken.facts,
            "digest": taken.digest,
            "keys": len(keys.keys),
        }
        parts = commands.dependencies
        request = parts.reader.read("record-tenant-import", msgspec.json.encode(body), OPERATOR)
        await parts.pipeline.execute(request)
    return taken._asdict() | {"tenant": tenant, "keys": len(keys.keys)}
