"""What of an answer is kept, by whom, and how is it given again?"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import msgspec
from starlette.types import Message, Send

ENTRY_BYTES_MAX = 262_144
"""Larger answers are not kept."""


class Entry(NamedTuple):
    """An answer with status 200, and the position that it is as of."""

    position: int
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Hot(Protocol):
    """Keeps answers for a second or two, one epoch of the log apart from another."""

    async def get(self, key: str) -> Entry | None:
        """Return what is kept under a key; None: nothing. Never raises."""

    def put(self, key: str, entry: Entry) -> None:
        """Keep an answer, unless a later one is kept there. Never raises or waits."""


class _AsOf(msgspec.Struct):
    position: int


class _Told(msgspec.Struct):
    """What says in an answer whether it may be kept: the position; nothing missing that may be
    mended without a later one; and no personal field, which an erasure could not reach here."""

    as_of: _AsOf
    incomplete: Any = None
    reason: Any = None


_told = msgspec.json.Decoder(_Told).decode


def entry_of(messages: list[Message]) -> Entry | None:
    """Return what may be kept of an answer; None: it is to be given as it is, and not again."""
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    if start["status"] != 200 or len(body) > ENTRY_BYTES_MAX:
        return None
    headers = tuple((bytes(name).lower(), bytes(value)) for name, value in start["headers"])
    etag = next((value for name, value in headers if name == b"etag"), None)
    told = _told(body)
    if etag is None or told.incomplete is not None or told.reason is not None:
        return None
    return Entry(told.as_of.position, etag, headers, body)


async def give(entry: Entry, tags: frozenset[bytes], send: Send) -> None:
    """Answer as ``read_api.responses.respond`` does."""
    if entry.etag in tags:
        start = {"type": "http.response.start", "status": 304, "headers": [(b"etag", entry.etag)]}
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(entry.headers)})
    await send({"type": "http.response.body", "body": entry.body})
