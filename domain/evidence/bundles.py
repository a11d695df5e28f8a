"""How is what the log holds of one learner handed to somebody who has nothing but a file?

A zip file of an export with its proofs, of what the institution tells beside it (sentences, opened
personal fields), and of a page and texts that follow from these two. Whoever verifies makes the
rest anew and compares every byte: so the page cannot say what the facts do not. What a released
format writes therefore never changes; another page is another format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Literal

import msgspec

from domain.evidence.archive import ARCHIVE_BYTES_MAX, File, WrongArchive, packed, unpacked
from domain.evidence.checkpoints import Checkpoint, parse_checkpoint
from domain.evidence.exports import Entry, Header
from domain.evidence.notes import Check, PublicKey, WrongNote, parse
from domain.evidence.page import Fact, Page, drawn
from domain.evidence.readme import README
from domain.evidence.verifying import Rejected, Verified
from domain.evidence.verifying import verify as verify_facts

FORMAT: Literal["registrar-bundle/1"] = "registrar-bundle/1"
FACTS, TOLD = "facts.jsonl", "told.json"
MANIFEST = "manifest.json"
NAMES = ("README.txt", "history.html", FACTS, TOLD, "checkpoint.txt", "keys.txt", MANIFEST)
"""The files of a bundle, in this order."""


class WrongBundle(Exception):
    """The file does not show what it says. One sentence."""


class Told(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is told of one fact beside it: a sentence, and the values of its personal fields that
    could be opened, by name, as text."""

    position: int
    sentence: str
    opened: dict[str, str] = {}


class Telling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the institution tells with the facts, one by one and in their order. No proof covers it.

    ``made_at`` is the time in RFC 3339, in UTC.
    """

    made_at: str
    facts: list[Told]


class _File(msgspec.Struct, frozen=True):
    name: str
    bytes: int
    sha256: str


class _Manifest(msgspec.Struct, frozen=True):
    format: str
    subject: str
    facts: int
    files: list[_File]


class _Body(msgspec.Struct, frozen=True):
    """What the page shows of a body. Anything else in it stays where it is."""

    type: str
    stream: str
    occurred_at: str
    actor: str
    command_id: str
    data: dict[str, msgspec.Raw]


_header = msgspec.json.Decoder(Header)
_entry = msgspec.json.Decoder(Entry)
_body = msgspec.json.Decoder(_Body)
_telling = msgspec.json.Decoder(Telling)
_encode = msgspec.json.Encoder().encode


def bundle(facts: bytes, telling: Telling) -> bytes:
    """Return the zip file of an export of one subject's facts, and of what is told beside it.

    Raises ValueError or MsgspecError where they are not such, or do not fit each other.
    """
    head, *lines = BytesIO(facts)
    header = _header.decode(head)
    entries = [_entry.decode(one) for one in lines]
    told = [one.position for one in telling.facts]
    if header.subject is None or told != [one.position for one in entries]:
        raise ValueError("what is told is not about the facts")
    page = Page(
        subject=header.subject,
        made_at=telling.made_at,
        checkpoint=_checkpoint(header),
        keys=header.keys,
        facts=[_fact(*pair) for pair in zip(entries, telling.facts, strict=True)],
    )
    texts = (
        README.format(subject=header.subject).encode(),
        drawn(page).encode(),
        facts,
        _encode(telling) + b"\n",
        header.checkpoint.encode(),
        "".join(f"{key}\n" for key in header.keys).encode(),
    )
    files = [File(name, text) for name, text in zip(NAMES, texts, strict=False)]
    return packed([*files, File(MANIFEST, _manifest(header.subject, len(entries), files))])


def verify(
    archive: bytes,
    known: Sequence[PublicKey],
    check: Check,
    anchors: Sequence[Checkpoint] = (),
    told: Callable[[Header, int], None] = lambda *_: None,
) -> Verified:
    """Check a bundle against known keys (none: those that it names) and anchored checkpoints.

    ``told`` hears now and then how many facts are checked. Raises WrongBundle, whichever byte was
    changed.
    """
    if len(archive) > ARCHIVE_BYTES_MAX:
        raise WrongBundle(f"it has more than {ARCHIVE_BYTES_MAX:,} bytes")
    try:
        files = dict(unpacked(archive))
        if tuple(files) != NAMES:
            raise WrongBundle(f"its files are not {', '.join(NAMES)}")
        found = verify_facts(BytesIO(files[FACTS]), known, check, anchors, told)
        made = dict(unpacked(bundle(files[FACTS], _telling.decode(files[TOLD]))))
    except Rejected as error:
        raise WrongBundle(f"{FACTS}, {error}") from error
    except WrongArchive as error:
        raise WrongBundle(str(error)) from error
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise WrongBundle(f"{TOLD} does not fit {FACTS}: {error}") from error
    for name in NAMES:
        if made[name] != files[name]:
            raise WrongBundle(f"{name} is not what follows from {FACTS} and {TOLD}")
    return found


def _checkpoint(header: Header) -> Checkpoint:
    try:
        return parse_checkpoint(parse(header.checkpoint.encode()).text)
    except WrongNote as error:
        raise ValueError(str(error)) from error


def _fact(entry: Entry, told: Told) -> Fact:
    stored = entry.stored
    at = (entry.position, entry.recorded_us)
    envelope = {"version": str(entry.version), "SHA-256 of the body": sha256(stored).hexdigest()}
    try:
        body = _body.decode(stored)
    except msgspec.MsgspecError:
        data = {"body": stored.decode(errors="replace")}
        return Fact(*at, "", "", "", envelope, data, told.sentence, told.opened)
    envelope = {"stream": body.stream, "command": body.command_id, **envelope}
    data = {name: bytes(value).decode() for name, value in body.data.items()}
    who = (body.type, body.occurred_at, body.actor)
    return Fact(*at, *who, envelope, data, told.sentence, told.opened)


def _manifest(subject: str, facts: int, files: Sequence[File]) -> bytes:
    listed = [
        _File(file.name, len(file.content), sha256(file.content).hexdigest()) for file in files
    ]
    return msgspec.json.format(_encode(_Manifest(FORMAT, subject, facts, listed)), indent=2) + b"\n"
