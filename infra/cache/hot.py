"""How do all processes of a cluster keep hot answers, each with its position?"""

from __future__ import annotations

import msgspec

from infra.cache.memory import HOT_SECONDS
from infra.cache.shared import Shared
from infra.web.hot_entries import Entry

POSITION_DIGITS = 19
"""As many as the largest position has, so that positions compare as text."""

KEEP_MS = round(HOT_SECONDS * 1_000)

# The position stands first, so that it is compared without reading the answer.
_PUT = """
local kept = redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1)
if kept > ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(
    tuple[bytes, tuple[tuple[bytes, bytes], ...], bytes]  # etag, headers, body
).decode


class RedisHot:
    """Implements ``infra.web.hot_entries.Hot`` for all processes of a cluster."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def get(self, key: str) -> Entry | None:
        """Return what is kept under a key."""
        value = await self._shared.ask(lambda at: ("GET", f"{at}hot:{key}"))
        return None if value is None else _readable(value)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an answer, unless a later one is kept there. Nobody waits until it is written."""
        position, value = f"{entry.position:0{POSITION_DIGITS}}", _encode(entry[1:])
        self._shared.tell(lambda at: ("EVAL", _PUT, 1, f"{at}hot:{key}", position, value, KEEP_MS))


def _readable(value: bytes) -> Entry | None:
    try:
        return Entry(int(value[:POSITION_DIGITS]), *_decode(value[POSITION_DIGITS:]))
    except (ValueError, msgspec.MsgspecError):  # written by another version
        return None
