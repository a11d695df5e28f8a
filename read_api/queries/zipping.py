"""How is a zip file made piece by piece, however much is in it?"""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256

import msgspec

PIECE_BYTES = 262_144


class Entry(msgspec.Struct, frozen=True):
    """A file that is in it."""

    name: str
    bytes: int
    sha256: str


class Zipping:
    """A zip file under way: what is written is taken away piece by piece."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    async def add(self, name: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Put a file in, and yield what there is of the zip file then."""
        size, digest = 0, sha256()
        with self._zip.open(name, "w", force_zip64=True) as file:
            async for some in content:
                file.write(some)
                size += len(some)
                digest.update(some)
                if len(self._sink.kept) >= PIECE_BYTES:
                    yield self._sink.taken()
        self.entries.append(Entry(name, size, digest.hexdigest()))
        yield self._sink.taken()

    def closed(self) -> bytes:
        """Return the end of the zip file."""
        self._zip.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """Where the zip file is written to; it cannot be gone back in."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some) -> int:  # type: ignore[no-untyped-def]
        self.kept += some
        return len(some)

    def taken(self) -> bytes:
        taken = bytes(self.kept)
        self.kept.clear()
        return taken
