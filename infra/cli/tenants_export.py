"""``registrar tenants export``: how does a tenant get into files that another place can take?"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import click

from domain.access import INSTALLATION
from infra.cli.bar import bar
from infra.cli.databases import opened_database
from infra.cli.errors import Failed, engine_errors
from infra.cli.options import data_option, database_option, json_option, with_settings
from infra.cli.output import print_json
from infra.settings.loading import Loaded


@click.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keys",
    "keys_file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that the keys of the tenant's learners go into, sealed.",
)
@json_option
@with_settings(data_option, database_option)
def export(loaded: Loaded, tenant: str, file: Path, keys_file: Path, *, as_json: bool) -> None:
    """Write the facts of TENANT into FILE, each with its proof, and the keys of its learners beside
    it, sealed with a secret that is printed, this once.

    \b
    Example:
      registrar tenants export north north.jsonl --keys north.keys
    """
    from infra.compose.keys import key_store
    from infra.evidence.exporting import NotSealed
    from infra.evidence.exporting import export as write
    from infra.keys.adoption import adopt
    from infra.moving.sealed_keys import kept, sealed

    if tenant == INSTALLATION:
        raise click.UsageError(f"{tenant} is the installation's own: move the whole installation")
    beside = file.with_name(f".{file.name}.part")
    try:
        with (
            engine_errors(),
            opened_database(loaded.settings) as dsn,
            closing(key_store(loaded.settings)) as store,
        ):
            adopt(dsn, store)
            # The facts first: whoever's key is made later is in none of them.
            with beside.open("wb") as out, bar("exporting", quiet=as_json) as told:
                facts = write(dsn, out, tenant, None, told)
            if facts == 0:
                raise Failed(f"there are no sealed facts of tenant {tenant}")
            keys = kept(store, tenant)
        content, secret = sealed(tenant, keys)
        with os.fdopen(
            os.open(keys_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as out:
            out.write(content)
        beside.replace(file)
    except NotSealed as error:
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(f"cannot write {error.filename}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    if as_json:
        print_json({"facts": facts, "keys": len(keys.keys), "secret": secret})
        return
    print(f"{file}: {facts:,} facts\n{keys_file}: {len(keys.keys):,} keys\nsecret  {secret}")
    print("The secret opens the keys, and is kept nowhere. Send it another way than the files.")
