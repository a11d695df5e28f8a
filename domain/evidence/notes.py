"""How is a text signed so that anybody can check it? (C2SP signed-note, tlog-cosignature)"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

ED25519, COSIGNATURE = 1, 4
"""The first byte of a key: who signs the text as it is, and a witness, who adds the time."""
KEY_BYTES, KEY_ID_BYTES, SIGNATURE_BYTES = 32, 4, 64
NOTE_BYTES_MAX = 65_536
SIGNATURES_MAX = 100
_MARK = "\u2014 "
_SECONDS = Struct("!Q")

Check = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature (second) by the Ed25519 public key (first) covers a message (third)."""
Sign = Callable[[bytes], bytes]
"""The Ed25519 signature of a message."""


class WrongNote(ValueError):
    """A note or a key that is not well formed, or whose signature is not right. One sentence."""


class PublicKey(NamedTuple):
    """Whose signature is believed: a name, the kind of signature, and 32 bytes of Ed25519."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature says which key made it."""
        named = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        key = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"


class Signature(NamedTuple):
    """One signature of a note: by whom, and its bytes."""

    name: str
    key_id: bytes
    content: bytes


class Note(NamedTuple):
    """A text, which ends with a newline, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        lines = [
            f"{_MARK}{one.name} {b64encode(one.key_id + one.content).decode()}\n"
            for one in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}".encode()


class Signed(NamedTuple):
    """A signature that is right: whose, and for a witness when, in seconds since 1970."""

    key: PublicKey
    at_seconds: int | None


def parse_key(text: str) -> PublicKey:
    """Read a verifier key: ``name+id+key``. Raises WrongNote."""
    name, id_hex, encoded = [*text.strip().split("+", 2), "", ""][:3]
    key = decoded(encoded)
    if not is_name(name) or len(key) != 1 + KEY_BYTES or key[0] not in (ED25519, COSIGNATURE):
        raise WrongNote("not a verifier key of the form name+id+key")
    found = PublicKey(name, key[0], key[1:])
    if str(found) != text.strip():
        raise WrongNote(f"the verifier key of {name} does not fit its id {id_hex}")
    return found


def is_name(name: str) -> bool:
    """Whether a key may be called so: neither empty, nor with a space or a plus sign."""
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name)


def parse(note: bytes) -> Note:
    """Read a signed note. Raises WrongNote."""
    if len(note) > NOTE_BYTES_MAX:
        raise WrongNote(f"the note is longer than {NOTE_BYTES_MAX} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise WrongNote("the note is not UTF-8") from error
    if any(letter < " " and letter != "\n" for letter in whole):
        raise WrongNote("the note has control characters")
    text, mark, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if not mark or lines.pop() != "" or not 1 <= len(lines) <= SIGNATURES_MAX:
        raise WrongNote("the note has no signatures below an empty line")
    return Note(text + "\n", tuple(map(_signature, lines)))


def sign(text: str, key: PublicKey, with_key: Sign, at_seconds: int = 0) -> Signature:
    """Sign a text that ends with a newline; a witness also says when, in seconds since 1970."""
    content = with_key(_message(text, key, at_seconds))
    if key.algorithm == COSIGNATURE:
        content = _SECONDS.pack(at_seconds) + content
    return Signature(key.name, key.key_id, content)


def signers(note: Note, known: Iterable[PublicKey], check: Check) -> Sequence[Signed]:
    """Return the known keys that signed a note, in its order; signatures of others are passed over.

    Raises WrongNote where a signature by a known key is not right, or one is there twice.
    """
    keys = {(key.name, key.key_id): key for key in known}
    found: dict[tuple[str, bytes], Signed] = {}
    for one in note.signatures:
        who = (one.name, one.key_id)
        key = keys.get(who)
        if key is None:
            continue
        if who in found:
            raise WrongNote(f"{one.name} signed twice")
        found[who] = _checked(note.text, key, one.content, check)
    return list(found.values())


def _checked(text: str, key: PublicKey, content: bytes, check: Check) -> Signed:
    at_seconds, signature = None, content
    if key.algorithm == COSIGNATURE and len(content) == _SECONDS.size + SIGNATURE_BYTES:
        at_seconds, signature = _SECONDS.unpack_from(content)[0], content[_SECONDS.size :]
    message = _message(text, key, at_seconds or 0)
    if len(signature) != SIGNATURE_BYTES or not check(key.public, signature, message):
        raise WrongNote(f"the signature of {key.name} is not right")
    return Signed(key, at_seconds)


def _message(text: str, key: PublicKey, at_seconds: int) -> bytes:
    if key.algorithm == ED25519:
        return text.encode()
    return f"cosignature/v1\ntime {at_seconds}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    content = decoded(encoded)
    if not line.startswith(_MARK) or not is_name(name) or len(content) <= KEY_ID_BYTES:
        raise WrongNote("the note has a line that is not a signature")
    return Signature(name, content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])


def decoded(encoded: str) -> bytes:
    """Decode base64 that is written in the one right way; anything else gives nothing."""
    try:
        decoded = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return decoded if b64encode(decoded).decode() == encoded else b""
