"""How is the log in PostgreSQL held against what was signed and anchored?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from domain.evidence.audit import Audit, Finding
from domain.evidence.checkpoints import Checkpoint, opened
from domain.evidence.exports import TOLD_FACTS
from domain.evidence.notes import PublicKey, WrongNote
from infra.evidence.anchors import DirectoryAnchors
from infra.evidence.keys import check
from infra.evidence.snapshot import snapshot

Told = Callable[[int, int], None]
"""Hears how many of how many facts are done."""


class UnknownEpoch(Exception):
    """No checkpoint of this epoch is anchored that a known key signed. One sentence."""


class Audited(NamedTuple):
    """What an audit looked at, and what it found; ``more`` findings are not listed."""

    facts: int
    sealed: int
    anchors: int
    findings: Sequence[Finding]
    more: int


def audit(
    dsn: str, known: Sequence[PublicKey], anchors: Path | None, over: Sequence[str], told: Told
) -> Audited:
    """Recompute everything from the table. ``over`` are epochs whose end is known to be lost.

    Raises StoreUnavailable or AnchorsUnavailable, and UnknownEpoch.
    """
    notes, findings = _anchored(known, anchors)
    for epoch in over:
        if all(one.epoch != epoch for one in notes):
            raise UnknownEpoch(f"no checkpoint of an epoch {epoch} is anchored")
    held = [one for one in notes if one.epoch not in over]
    with snapshot(dsn) as log:
        head, seal, checkpoint = log.head(), log.seal(), None
        if seal is not None:
            try:
                checkpoint = opened(seal.note, known, check).checkpoint
            except WrongNote as error:
                findings.append(Finding("signature", 0, f"the last checkpoint: {error}"))
        work = Audit(checkpoint, held, log.leaf, log.tile)
        for row in log.rows(head):
            work.take(row)
            if row.position % TOLD_FACTS == 0:
                told(row.position, head)
        told(head, head)
        findings += work.finish()
    sealed = 0 if checkpoint is None else checkpoint.size
    return Audited(head, sealed, len(held), findings, work.more)


def _anchored(
    known: Sequence[PublicKey], folder: Path | None
) -> tuple[list[Checkpoint], list[Finding]]:
    found, wrong = [], []
    for file, note in () if folder is None else DirectoryAnchors(folder).all():
        try:
            found.append(opened(note, known, check).checkpoint)
        except WrongNote as error:
            wrong.append(Finding("signature", 0, f"the anchor {file.name}: {error}"))
    return found, wrong


def anchored(known: Sequence[PublicKey], folder: Path) -> list[Checkpoint]:
    """Return the checkpoints of a folder that known keys signed. Raises AnchorsUnavailable, and
    WrongNote where one is not right."""
    return [opened(note, known, check).checkpoint for _, note in DirectoryAnchors(folder).all()]
