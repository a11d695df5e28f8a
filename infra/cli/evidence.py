"""How does a learner's evidence get from the server into a file?"""

from __future__ import annotations

from pathlib import Path

from domain.evidence.bundles import WrongBundle, verify
from infra.cli.client import fetch
from infra.cli.errors import Failed
from infra.cli.output import print_json


def write_bundle(address: str, path: str, file: Path, *, as_json: bool) -> None:
    """Fetch the bundle, check it, and put it in its place whole or not at all. Raises Failed."""
    from infra.evidence.keys import check

    archive = fetch(address, f"{path}/evidence")
    try:
        found = verify(archive, [], check)
    except WrongBundle as error:
        raise Failed(f"what {address} answered is not what was sealed: {error}") from error
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_bytes(archive)
        beside.replace(file)
    except OSError as error:
        raise Failed(f"cannot write {file}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    if as_json:
        print_json({"file": str(file), "facts": found.facts, "size": found.checkpoint.size})
    else:
        log = found.checkpoint
        what = f"{found.facts:,} facts of {found.subject}"
        print(f"{file}: {what}, proven to be among the {log.size:,} of {log.origin}")
