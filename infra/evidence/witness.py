"""How does somebody else watch a log over HTTP, and vouch that it only grew?

A witness keeps the last checkpoint that it saw. It co-signs the next one only if the log proves
that the one begins the other; so a log that shows different things to different people is found
out.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from domain.evidence.checkpoints import Checkpoint, opened, parse_checkpoint
from domain.evidence.notes import COSIGNATURE, Note, PublicKey, WrongNote, parse, sign
from domain.evidence.tree import extends
from infra.evidence.keys import PrivateKey, check

Get = Callable[[int, int], Any]
"""What the log answers when asked for the proof that one size begins the other."""


class Refused(Exception):
    """The witness does not vouch for the checkpoint. One sentence."""


class Seen(NamedTuple):
    """The checkpoint before, if there was one, and the one that is vouched for now."""

    before: Checkpoint | None
    now: Checkpoint


def cosigner(witness: PrivateKey) -> PublicKey:
    """Return the key that others know the witness's signatures by."""
    return witness.public._replace(algorithm=COSIGNATURE)


def vouch(note: bytes, log: PublicKey, witness: PrivateKey, kept: Path, consistency: Get) -> Seen:
    """Check a checkpoint against the one that is kept, co-sign it, and keep it instead.

    Raises Refused, or OSError where it cannot be kept.
    """
    try:
        now = opened(note, [log], check)
        before = parse_checkpoint(parse(kept.read_bytes()).text) if kept.exists() else None
        if before is not None:
            _only_grew(before, now.checkpoint, consistency)
    except WrongNote as error:
        raise Refused(str(error)) from error
    mine = sign(now.note.text, cosigner(witness), witness.sign, int(time.time()))
    beside = kept.with_name(f".{kept.name}")
    beside.write_bytes(bytes(Note(now.note.text, (*now.note.signatures, mine))))
    beside.replace(kept)
    return Seen(before, now.checkpoint)


def _only_grew(before: Checkpoint, now: Checkpoint, consistency: Get) -> None:
    if (before.origin, before.epoch) != (now.origin, now.epoch):
        raise Refused(
            f"the log was {before.origin} in epoch {before.epoch}, and is {now.origin} in epoch "
            f"{now.epoch}: was a backup restored?"
        )
    if now.size < before.size:
        raise Refused(f"the log had {before.size} facts, and has {now.size}: a tail is cut")
    answer = consistency(before.size, now.size)
    try:
        proof = [b64decode(one, validate=True) for one in answer["hashes"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("the log does not answer with a proof") from error
    if not extends(before.size, before.root, now.size, now.root, proof):
        raise Refused(f"the log of {now.size} facts does not begin with the {before.size} it had")
