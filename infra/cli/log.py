"""``registrar log``: is the log what was sealed, and how is that shown to others?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from domain.access import INSTALLATION
from infra.cli.bar import bar
from infra.cli.databases import opened_database
from infra.cli.errors import Failed
from infra.cli.log_part import part
from infra.cli.log_trust import epoch, key, witness
from infra.cli.options import (
    anchors_option,
    data_option,
    database_option,
    json_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded

if TYPE_CHECKING:
    from infra.evidence.auditing import Audited

TABLE = ".parquet"
NO_ANCHORS = (
    "No anchors were given: what was cut off the end, or a backup that was restored, is only "
    "noticed by checkpoints that are kept elsewhere (--anchors)."
)
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
@click.option(
    "--tenant",
    help=f"Only the facts of this tenant; with --subject, whose learner it is: {INSTALLATION}, "
    "unless it is given.",
)
@json_option
@with_settings(data_option, database_option)
def export(
    loaded: Loaded, file: Path, subject: str | None, tenant: str | None, *, as_json: bool
) -> None:
    """Write what is sealed into FILE, which registrar verify checks anywhere.

    It is Parquet where the name ends in .parquet, and otherwise JSON Lines.

    \b
    Example:
      registrar log export log.jsonl
      registrar log export log.parquet
      registrar log export s1.jsonl --subject s1
      registrar log export s1.jsonl --subject s1 --tenant north
    """
    from domain.evidence.tables import table
    from infra.evidence.exporting import NotSealed, lines
    from infra.evidence.exporting import export as write

    form = table if file.suffix == TABLE else lines
    if subject is not None and tenant is None:
        tenant = INSTALLATION
    beside = file.with_name(f".{file.name}.part")
    try:
        with (
            opened_database(loaded.settings) as dsn,
            beside.open("wb") as out,
            bar("exporting", quiet=as_json) as told,
        ):
            count = write(dsn, out, tenant, subject, told, form)
        if not count and tenant is not None:
            of = tenant if subject is None else f"{subject} of {tenant}"
            raise Failed(f"there is no fact of {of} in what is sealed")
        beside.replace(file)
    except NotSealed as error:
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(f"cannot write {file}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
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
    from infra.evidence.auditing import UnknownEpoch
    from infra.evidence.auditing import audit as hold
    from infra.evidence.sealing import known_keys
    from streams.seals import AnchorsUnavailable

    settings = loaded.settings
    folder = None if settings.anchors is None else Path(settings.anchors).expanduser()
    try:
        with opened_database(settings) as dsn, bar("auditing", quiet=as_json) as told:
            found = hold(dsn, known_keys(settings).known, folder, over, told)
    except AnchorsUnavailable as error:
        raise Failed(str(error)) from error
    except UnknownEpoch as error:
        raise click.UsageError(f"--restored: {error}") from error
    if folder is None:
        print(NO_ANCHORS, file=sys.stderr)
    if as_json:
        print_json(
            found._asdict() | {"findings": [finding._asdict() for finding in found.findings]}
        )
    else:
        _print_audit(found)
    if found.findings:
        count = len(found.findings) + found.more
        findings = "1 finding" if count == 1 else f"{count:,} findings"
        raise Failed(f"{findings}: the log is not what it was")


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


for verb in (key, epoch, part, witness):
    log.add_command(verb)
