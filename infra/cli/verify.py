"""``registrar verify``: does a file show that its facts are the log's?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from domain.evidence.archive import ARCHIVE_BYTES_MAX, MAGIC
from domain.evidence.bundles import WrongBundle
from domain.evidence.bundles import verify as check_bundle
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.exports import Header
from domain.evidence.notes import PublicKey, WrongNote, parse_key
from domain.evidence.parquet import MAGIC as PARQUET
from domain.evidence.parquet import WrongParquet
from domain.evidence.tables import verify_table
from domain.evidence.verifying import LINE_BYTES_MAX, Rejected, Verified
from domain.evidence.verifying import verify as check_lines
from infra.cli.bar import bar
from infra.cli.errors import Failed
from infra.cli.options import json_option
from infra.cli.output import print_json


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="A verifier key of the log or of a witness, as registrar log key prints it; may be "
    "repeated. Without one the key that the file itself names is taken, and printed.",
)
@click.option(
    "--anchors",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A directory of anchored checkpoints to hold the file against.",
)
@json_option
def verify(file: Path, keys: tuple[str, ...], anchors: Path | None, as_json: bool) -> None:
    """Check bodies, proofs and signature of an exported FILE, without server or database.

    FILE is what registrar log export wrote, or the zip file of registrar learner --bundle.

    \b
    Example:
      registrar verify log.jsonl --key 'registrar+1f2e3d4c+AX…'
      registrar verify s1.zip --key 'registrar+1f2e3d4c+AX…'
    """
    try:
        known = [parse_key(key) for key in keys]
    except WrongNote as error:
        raise click.UsageError(f"--key: {error}") from error
    held = _anchors(file, known, anchors)
    try:
        found = _checked(file, known, held, quiet=as_json)
    except (Rejected, WrongBundle, WrongParquet) as error:
        raise Failed(f"{file} is not what was sealed: {error}") from error
    except OSError as error:
        raise Failed(f"cannot read {error.filename}: {error.strerror}") from error
    _print(file, found, known, as_json=as_json)


def _checked(
    file: Path, known: list[PublicKey], held: list[Checkpoint], *, quiet: bool
) -> Verified:
    from infra.evidence.keys import check

    with file.open("rb") as lines, bar("verifying", quiet=quiet) as told:

        def tell(header: Header, done: int) -> None:
            told(done, header.facts)

        begins = lines.read(len(MAGIC))
        lines.seek(0)
        if begins == MAGIC:
            return check_bundle(lines.read(ARCHIVE_BYTES_MAX + 1), known, check, held, tell)
        if begins == PARQUET:
            return verify_table(lines, known, check, held, tell)
        bounded = iter(lambda: lines.readline(LINE_BYTES_MAX), b"")
        return check_lines(bounded, known, check, held, tell)


def _anchors(file: Path, known: list[PublicKey], folder: Path | None) -> list[Checkpoint]:
    from infra.evidence.auditing import anchored
    from streams.seals import AnchorsUnavailable

    if folder is None:
        return []
    if not known:
        raise click.UsageError("--anchors: needs a --key, the one that they were signed with")
    try:
        return anchored(known, folder)
    except (AnchorsUnavailable, WrongNote) as error:
        raise Failed(f"{file} cannot be held against the anchors: {error}") from error


def _print(file: Path, found: Verified, known: list[PublicKey], *, as_json: bool) -> None:
    checkpoint = found.checkpoint
    by = [str(one.key) for one in found.signed]
    if as_json:
        print_json(
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "epoch": checkpoint.epoch,
                "tenant": found.tenant,
                "subject": found.subject,
                "facts": found.facts,
                "signed_by": by,
                "anchors": found.anchored,
                "key_given": bool(known),
            }
        )
        return
    what = " of ".join(name for name in ("facts", found.subject, found.tenant) if name)
    if what == "facts":
        what = "the whole log"
    print(
        f"{file}: {what}, {found.facts:,} facts, as {checkpoint.origin} had them at "
        f"{checkpoint.size:,}; signed by {', '.join(by)}; {_held(found.anchored)}"
    )
    if not known:
        print(
            "The key is the file's own: compare it with the one that the institution publishes, "
            "or give that with --key.",
            file=sys.stderr,
        )


def _held(anchors: int) -> str:
    return "fits 1 anchor" if anchors == 1 else f"fits {anchors:,} anchors"
