"""Where is the log's signing key, and how is it made and replaced?

One file, a key a line, readable by its owner only: PRIVATE+KEY lines sign (all of them, so that a
new key can be made known while the old one still signs), verifier keys are of keys that are
retired: they sign no more, and what they signed is still believed.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.evidence.notes import ED25519, Note, PublicKey, WrongNote, is_name, parse_key, sign
from domain.evidence.notes import decoded as decode

PREFIX = "PRIVATE+KEY+"
SEED_BYTES = 32
OWNER_ONLY = 0o600
NOT_OTHERS = 0o037
"""A group may read it, as where an orchestrator hands out secrets."""


class WrongKeyFile(Exception):
    """The file of keys cannot be used. One sentence."""


class PrivateKey(NamedTuple):
    """An Ed25519 key that signs for a log: its name is the log's origin."""

    name: str
    seed: bytes

    @property
    def public(self) -> PublicKey:
        """What others know it by."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return PublicKey(self.name, ED25519, public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def __str__(self) -> str:
        encoded = b64encode(bytes([ED25519]) + self.seed).decode()
        return f"{PREFIX}{self.name}+{self.public.key_id.hex()}+{encoded}"


class Keys(NamedTuple):
    """The keys that sign, and those that are believed, retired ones among them."""

    signing: Sequence[PrivateKey]
    known: Sequence[PublicKey]

    def signed(self, text: str) -> Note:
        """Sign a text with every key that signs."""
        return Note(text, tuple(sign(text, key.public, key.sign) for key in self.signing))


def check(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature covers a message (domain.evidence.notes.Check)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_key(name: str) -> PrivateKey:
    """Return a new key. Raises WrongNote where a key cannot be called so."""
    if not is_name(name):
        raise WrongNote(f"{name!r} cannot be the name of a key")
    return PrivateKey(name, Ed25519PrivateKey.generate().private_bytes_raw())


def parse_private(line: str) -> PrivateKey:
    """Read a private key as Go's package sumdb/note writes it. Raises WrongNote."""
    name, _, encoded = [*line.strip().removeprefix(PREFIX).split("+", 2), "", ""][:3]
    key = decode(encoded)
    if not is_name(name) or len(key) != 1 + SEED_BYTES or key[0] != ED25519:
        raise WrongNote("not a private key of the form PRIVATE+KEY+name+id+key")
    found = PrivateKey(name, key[1:])
    if str(found) != line.strip():
        raise WrongNote(f"the private key of {name} does not fit its id")
    return found


def read_keys(file: Path, origin: str) -> Keys:
    """Read the file of keys. Raises WrongKeyFile."""
    try:
        mode = file.stat().st_mode
        lines = [line for line in file.read_text().splitlines() if line.strip()]
        signing = [parse_private(line) for line in lines if line.startswith(PREFIX)]
        known = [parse_key(line) for line in lines if not line.startswith(PREFIX)]
    except (OSError, UnicodeDecodeError) as error:
        raise WrongKeyFile(f"the log's keys cannot be read: {error}") from error
    except WrongNote as error:
        raise WrongKeyFile(f"{file}: {error}") from error
    if os.name == "posix" and mode & NOT_OTHERS:
        raise WrongKeyFile(f"{file} may be read by others; it should have mode 0600")
    if not signing or any(key.name != origin for key in signing):
        raise WrongKeyFile(
            f"{file} has no private key of {origin} alone, which is the log's origin"
        )
    return Keys(signing, [*(key.public for key in signing), *known])


def kept_keys(file: Path, origin: str) -> Keys:
    """Read the file of keys; where there is none, make one. Raises WrongKeyFile."""
    if not file.exists():
        _write(file, [str(new_key(origin))])
    return read_keys(file, origin)


def replace_key(file: Path, origin: str, *, retire: bool) -> PublicKey:
    """Add a new key to those that sign, or, to ``retire``, let only the newest sign from now on.

    Returns the newest. Raises WrongKeyFile.
    """
    keys = read_keys(file, origin)
    if retire:
        *old, newest = keys.signing
        privates, publics = [newest], [one.public for one in old]
    else:
        newest = new_key(origin)
        privates, publics = [*keys.signing, newest], []
    retired = [*publics, *keys.known[len(keys.signing) :]]
    _write(file, [*map(str, privates), *map(str, retired)])
    return newest.public


def _write(file: Path, lines: Sequence[str]) -> None:
    """Put the file in its place in one step, on the disk, and never readable by others."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as out:  # noqa: PTH123
            out.write("\n".join(lines) + "\n")
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except OSError as error:
        raise WrongKeyFile(f"the log's keys cannot be written: {error}") from error
