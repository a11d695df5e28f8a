"""How does a file show, far from server and database, that its facts are the log's?

JSON Lines. The first line names the checkpoint; every other is a fact as it is stored, in order of
position. A file of the whole log is proven by its root; one of some facts has with each the hashes
from its leaf to that root. Every line is written in one way only, so that no byte can be changed
unnoticed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from domain.evidence.notes import decoded, parse

TOLD_FACTS = 1_000
"""So many are checked between two tellings of how far it is."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds: all ``facts`` of the log, or those of one ``tenant``, or of them those
    about one ``subject``.

    ``checkpoint`` is a signed note, ``keys`` are the log's verifier keys by its own account.
    """

    format: Literal["registrar-log/1"]
    tenant: str | UnsetType = UNSET
    subject: str | None
    facts: int
    keys: list[str]
    checkpoint: str


def header(tenant: str | None, subject: str | None, facts: int, keys: str, note: bytes) -> Header:
    """Return the first line of a file: ``keys`` are the log's, one a line; named are those of them
    that signed the ``note``."""
    by = {one.key_id.hex() for one in parse(note).signatures}
    signed = [key for key in keys.splitlines() if key.split("+")[1] in by]
    return Header(
        format="registrar-log/1",
        tenant=UNSET if tenant is None else tenant,
        subject=subject,
        facts=facts,
        keys=signed,
        checkpoint=note.decode(),
    )


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a leaf covers. ``recorded_us`` are microseconds since 1970-01-01T00:00:00Z.

    ``body`` are the bytes as stored, as text, or in ``base64`` where they are not UTF-8; ``hashes``
    prove it, in base64, where it is not the whole log that is shown.
    """

    position: int
    recorded_us: int
    version: int
    body: str | None = None
    base64: str | None = None
    hashes: list[str] | None = None

    @property
    def stored(self) -> bytes:
        """The body as it is stored. Raises ValueError where it is not there, or there twice."""
        if (self.body is None) == (self.base64 is None):
            raise ValueError("a body stands either in body or in base64")
        if self.body is not None:
            return self.body.encode()
        return decoded(self.base64 or "")


_encode = msgspec.json.Encoder().encode


def entry(
    position: int,
    recorded_us: int,
    version: int,
    body: bytes,
    hashes: Sequence[bytes] | None = None,
) -> Entry:
    """Return a fact as files and answers show it."""
    proof = None if hashes is None else [b64encode(one).decode() for one in hashes]
    try:
        return Entry(position, recorded_us, version, body.decode(), None, proof)
    except UnicodeDecodeError:
        encoded = b64encode(body).decode()
        return Entry(position, recorded_us, version, None, encoded, proof)


def line(part: Header | Entry) -> bytes:
    """Return a line of the file, in the one way in which it is written."""
    return _encode(part) + b"\n"
