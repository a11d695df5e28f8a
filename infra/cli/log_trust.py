"""``registrar log key``, ``epoch`` and ``witness``: whom do others believe, and from when on?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from domain.evidence.notes import WrongNote, parse_key
from infra.cli.client import fetch, get
from infra.cli.databases import opened_database
from infra.cli.errors import Failed, engine_errors
from infra.cli.options import (
    data_option,
    database_option,
    host_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.settings.loading import Loaded


@click.command()
@click.option("--replace", is_flag=True, help="Add a new key; both sign from the next start on.")
@click.option("--retire", is_flag=True, help="Let only the newest key sign from the next start on.")
@with_settings(data_option)
def key(loaded: Loaded, replace: bool, retire: bool) -> None:
    """Print the log's verifier keys, one a line; where there is none, make one.

    Publish them where a database's owner cannot change them. To replace a key, add a new one, make
    it known, and retire the old one when everybody has the new; what it signed is still believed.

    \b
    Example:
      registrar log key
    """
    from infra.evidence.keys import kept_keys, replace_key
    from infra.evidence.sealing import key_file

    if replace and retire:
        raise click.UsageError("--replace and --retire: one after the other, not at once")
    file, origin = key_file(loaded.settings), loaded.settings.log_origin
    with engine_errors():
        kept_keys(file, origin)
        if replace or retire:
            replace_key(file, origin, retire=retire)
        for public in kept_keys(file, origin).known:
            print(public)


@click.command()
@click.option("--renew", is_flag=True, help="Begin a new epoch: a backup was restored.")
@with_settings(data_option, database_option)
def epoch(loaded: Loaded, renew: bool) -> None:
    """Print the log's epoch: the name of a stretch of time in which no position is used twice.

    After a backup was restored, or a failover lost a tail, renew it before anything is recorded:
    readings, caches and the tree are then made anew instead of going on wrongly.

    \b
    Example:
      registrar log epoch
    """
    from infra.evidence import epoch as epochs

    with opened_database(loaded.settings) as dsn:
        print(epochs.renew(dsn) if renew else epochs.epoch(dsn))


@click.command()
@click.argument("kept", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "of_log", required=True, metavar="KEY", help="The log's verifier key.")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of the witness's own key; made where there is none.",
)
@click.option(
    "--name", default="witness", show_default=True, help="What the witness's key is called."
)
@url_option
@with_settings(host_option, port_option)
def witness(
    loaded: Loaded, kept: Path, of_log: str, key_file: Path, name: str, url: str | None
) -> None:
    """Look at a running log, and co-sign its checkpoint if the log only grew since the last look.

    KEPT is the file of the last checkpoint that this witness has seen; it is replaced by the new
    one with the witness's signature. Run it on a machine of somebody else's, every few minutes.

    \b
    Example:
      registrar log witness seen.txt --key 'registrar+1f2e3d4c+AX…' --key-file witness.key
    """
    from infra.evidence.keys import kept_keys
    from infra.evidence.witness import Refused, cosigner, vouch

    try:
        known = parse_key(of_log)
    except WrongNote as error:
        raise click.UsageError(f"--key: {error}") from error
    address = server_url(loaded, url)

    def consistency(old: int, new: int) -> Any:
        return get(address, "/v1/log/consistency", {"from": old, "to": new})

    try:
        with engine_errors():
            (key, *_) = kept_keys(key_file, name).signing
        seen = vouch(fetch(address, "/v1/log/checkpoint"), known, key, kept, consistency)
    except Refused as error:
        raise Failed(f"not co-signed: {error}") from error
    except OSError as error:
        raise Failed(f"cannot keep {kept}: {error.strerror}") from error
    before, now = None if seen.before is None else seen.before.size, seen.now.size
    if before == now:
        grew = f"still has {now:,} facts"
    else:
        grew = f"grew from {'nothing' if before is None else f'{before:,}'} to {now:,} facts"
    print(f"{kept}: {seen.now.origin} {grew}; co-signed by {cosigner(key)}")
