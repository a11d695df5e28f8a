"""How are checkpoints kept in a directory outside of the database?

A file a checkpoint, in a folder an epoch, never written again. Put it where whoever can change the
database cannot: another machine's share, a medium written once, a bucket that is mounted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from domain.evidence.checkpoints import Checkpoint
from streams.seals import AnchorsUnavailable

DIGITS = 19
"""Of the largest position, so that names sort by size."""
_NAME = re.compile(rf"\d{{{DIGITS}}}\.txt")


class DirectoryAnchors:
    """Implements ``streams.seals.Anchors``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def latest(self, epoch: str) -> bytes | None:
        """Return the note of the largest size of this epoch."""
        files = _files(self._folder / epoch)
        return _read(files[-1]) if files else None

    def all(self) -> Sequence[tuple[Path, bytes]]:
        """Return every note, with its file, by epoch and size. Raises AnchorsUnavailable."""
        try:
            epochs = sorted(path for path in self._folder.iterdir() if path.is_dir())
        except OSError as error:
            raise _unreadable(error) from error
        return [(file, _read(file)) for epoch in epochs for file in _files(epoch)]

    def put(self, checkpoint: Checkpoint, note: bytes) -> None:
        """Keep a note, on the disk, under its final name in one step."""
        folder = self._folder / checkpoint.epoch
        file = folder / f"{checkpoint.size:0{DIGITS}}.txt"
        beside = folder / f".{file.name}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if file.exists():
                return
            with beside.open("wb") as out:
                out.write(note)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(file)
        except OSError as error:
            raise AnchorsUnavailable(f"a checkpoint cannot be anchored: {error}") from error


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(error) from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> AnchorsUnavailable:
    return AnchorsUnavailable(f"the anchors cannot be read: {error.filename}: {error.strerror}")
