"""How do files become one zip file, and always the same bytes?

Stored, not compressed, at a fixed time, in the order given, with nothing that could say something
else: so that whoever packs what was unpacked sees whether a single byte was changed. (PKWARE
APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16)
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error
from typing import NamedTuple
from zlib import crc32

ARCHIVE_BYTES_MAX = 1 << 30
MAGIC = b"PK\x03\x04"
"""What an archive begins with, and each file in it."""
_LOCAL = Struct("<4sHHHHHIIIHH")
_CENTRAL = Struct("<4sHHHHHHIIIHHHHHII")
_END = Struct("<4sHHHHIIH")
_IS_CENTRAL, _IS_END = b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_MADE_ON_UNIX = 3 << 8 | _VERSION
_TIME, _DATE = 0, 1 << 5 | 1
"""Midnight of 1 January 1980, where the calendar of zip files begins."""
_MODE = 0o100644 << 16


class File(NamedTuple):
    """A file in an archive. The name is ASCII."""

    name: str
    content: bytes


class WrongArchive(ValueError):
    """Not an archive as ``packed`` writes it. One sentence."""


def packed(files: Sequence[File]) -> bytes:
    """Return the zip file of these files. Raises ValueError beyond ARCHIVE_BYTES_MAX."""
    if sum(len(file.content) for file in files) > ARCHIVE_BYTES_MAX:
        raise ValueError(f"the files have more than {ARCHIVE_BYTES_MAX:,} bytes together")
    parts, directory, at = [], [], 0
    for file in files:
        name, size = file.name.encode("ascii"), len(file.content)
        common = (0, 0, _TIME, _DATE, crc32(file.content), size, size, len(name), 0)
        local = _LOCAL.pack(MAGIC, _VERSION, *common) + name
        central = _CENTRAL.pack(
            _IS_CENTRAL, _MADE_ON_UNIX, _VERSION, *common, 0, 0, 0, _MODE, at
        )  # fmt: skip
        directory.append(central + name)
        parts += [local, file.content]
        at += len(local) + size
    listed = b"".join(directory)
    count = len(files)
    end = _END.pack(_IS_END, 0, 0, count, count, len(listed), at, 0)
    return b"".join([*parts, listed, end])


def unpacked(archive: bytes) -> list[File]:
    """Return the files of an archive. Raises WrongArchive unless it is just what ``packed`` makes
    of them."""
    found, at = [], 0
    try:
        while archive[at : at + len(MAGIC)] == MAGIC:
            fields = _LOCAL.unpack_from(archive, at)
            size, named = fields[8], fields[9]
            at += _LOCAL.size
            name = archive[at : at + named].decode("ascii")
            found.append(File(name, archive[at + named : at + named + size]))
            at += named + size
    except (error, UnicodeDecodeError) as broken:
        raise WrongArchive("it is not a zip file as registrar writes it") from broken
    if packed(found) != archive:
        raise WrongArchive("it is not a zip file as registrar writes it")
    return found
