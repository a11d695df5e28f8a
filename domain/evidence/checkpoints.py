"""What does the log state of itself, to be signed? (C2SP tlog-checkpoint)"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import NamedTuple

from domain.evidence.notes import ED25519, Check, Note, PublicKey, WrongNote, parse, signers
from domain.evidence.tree import HASH_BYTES

_EPOCH = "epoch "


class Checkpoint(NamedTuple):
    """The log of this origin and epoch had so many facts, bound by this root."""

    origin: str
    size: int
    root: bytes
    epoch: str

    def __str__(self) -> str:
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n{_EPOCH}{self.epoch}\n"


class Sealed(NamedTuple):
    """A checkpoint, and the signed note that states it."""

    checkpoint: Checkpoint
    note: Note


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note. Raises WrongNote unless it is written as ours are."""
    lines = text.split("\n")
    try:
        origin, size, root, epoch, end = lines
        found = Checkpoint(origin, int(size), b64decode(root), epoch.removeprefix(_EPOCH))
    except ValueError as error:
        raise WrongNote("the note is not a checkpoint of a log like this") from error
    if end or len(found.root) != HASH_BYTES or found.size < 0 or str(found) != text:
        raise WrongNote("the note is not a checkpoint of a log like this")
    return found


def opened(note: bytes, keys: Iterable[PublicKey], check: Check) -> Sealed:
    """Return a checkpoint that its log signed with a known key, and nobody known wrongly.

    Raises WrongNote.
    """
    parsed = parse(note)
    checkpoint = parse_checkpoint(parsed.text)
    by = [signed.key for signed in signers(parsed, keys, check)]
    if not any(key.algorithm == ED25519 and key.name == checkpoint.origin for key in by):
        raise WrongNote(f"no known key of {checkpoint.origin} signed the checkpoint")
    return Sealed(checkpoint, parsed)
