"""``registrar log``: is the log what was sealed, and how is that shown to others?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.evidence.notes import WrongNote, parse_key
from infra.cli.bar import bar
from infra.cli.client import fetch, get
from infra.cli.errors import Failed, engine_errors
from infra.cli.options import (
    anchors_option,
    data_option,
    database_option,
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings import Loaded, Settings

if TYPE_CHECKING:
    from infra.evidence.auditing import Audited

COLUMNS = ("position", "kind", "what was found")


@click.group()
def log() -> None:
    """Export and audit the log; show and replace the key that signs it.

    \b
    Example:
      registrar log audit
    """


@log.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--subject", help="Only the facts of this learner, each with its own proof.")
@json_option
@with_settings(data_option, database_option)
def export(loaded: Loaded, file: Path, subject: str | None, as_json: bool) -> None:
    """Write what is sealed into FILE, as JSON Lines that registrar verify checks anywhere.

    \b
    Example:
      registrar log export log.jsonl
      registrar log export s1.jsonl --subject s1
    """
    from infra.evidence.exporting import NotSealed
    from infra.evidence.exporting import export as write

    try:
        with (
            _database(loaded.settings) as dsn,
            file.open("wb") as out,
            bar("exporting", quiet=as_json) as told,
        ):
            count = write(dsn, out, subject, told)
    except NotSealed as error:
        file.unlink(missing_ok=True)
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(f"cannot write {file}: {error.strerror}") from error
    if as_json:
        print_json({"file": str(file), "facts": count})
    else:
        print(f"{file}: {count:,} facts")


@log.command()
@click.option(
    "--restored",
    "over",
    multiple=True,
    metavar="EPOCH",
    help="An epoch that ended when a backup was restored: what it lost is known. May be repeated.",
)
@json_option
@with_settings(anchors_option, data_option, database_option)
def audit(loaded: Loaded, over: tuple[str, ...], as_json: bool) -> None:
    """Recompute the tree from the table, and hold it against what was signed and anchored.

    Copies of what is in the bodies are compared too. Every finding names a position; the exit code
    is 1 where there is one.

    \b
    Example:
      registrar log audit --anchors /mnt/elsewhere/anchors
    """
    from infra.evidence.auditing import audit as hold
    from infra.evidence.sealing import known_keys
    from streams.sealer import AnchorsUnavailable

    settings = loaded.settings
    folder = None if settings.anchors is None else Path(settings.anchors).expanduser()
    try:
        with _database(settings) as dsn, bar("auditing", quiet=as_json) as told:
            found = hold(dsn, known_keys(settings).known, folder, over, told)
    except AnchorsUnavailable as error:
        raise Failed(str(error)) from error
    if as_json:
        print_json(
            found._asdict() | {"findings": [finding._asdict() for finding in found.findings]}
        )
    else:
        _print_audit(found)
    if found.findings:
        raise Failed(f"{len(found.findings) + found.more:,} findings: the log is not what it was")


@log.command()
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


@log.command()
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

    with _database(loaded.settings) as dsn:
        print(epochs.renew(dsn) if renew else epochs.epoch(dsn))


@log.command()
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
    from infra.evidence.witness import Refused, vouch

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
    before = "nothing" if seen.before is None else f"{seen.before.size:,} facts"
    print(f"{kept}: {seen.now.origin} grew from {before} to {seen.now.size:,} facts; co-signed")


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """Have the embedded database for a while, or the one that is set, which is left as it is."""
    from infra.compose.parts import database
    from infra.migrations import require

    with engine_errors():
        if settings.database_url is None:
            with database(settings) as dsn:
                yield dsn
        else:
            require(settings.database_url)
            yield settings.database_url


def _print_audit(found: Audited) -> None:
    print(
        f"{found.facts:,} facts, {found.sealed:,} of them sealed, "
        f"held against {found.anchors:,} anchored checkpoints"
    )
    if found.findings:
        rows = [(one.position or "", one.kind, one.said) for one in found.findings]
        print_table(COLUMNS, rows)
    elif found.sealed:
        print("everything is as it was sealed")
    else:
        print("the log is not sealed yet: nothing was signed to hold it against")
