"""How do all processes of a cluster keep the answers of commands for a while?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from commands.remembered import Kept
from commands.requests import FactSummary, Recorded
from infra.cache.memory import ANSWERS_SECONDS
from infra.cache.shared import Shared

ANSWER_BYTES_MAX = 16_384


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """An answer as bytes. ``extra`` is JSON, so that it comes back as it was answered."""

    digest: bytes
    position: int
    version: int
    facts: list[tuple[str, str, int, str, int]]
    extra: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def encode(kept: Kept) -> bytes:
    """Return an answer as bytes."""
    answer = kept.answer
    facts = [tuple(fact) for fact in answer.facts]
    extra = msgspec.json.encode(answer.extra)
    return _encode((kept.digest, answer.position, answer.version, facts, extra))


def decode(value: bytes) -> Kept:
    """Return an answer out of its bytes. Raises msgspec.MsgspecError where they are none."""
    stored = _decode(value)
    facts = tuple(FactSummary(*fact) for fact in stored.facts)
    extra = msgspec.json.decode(stored.extra, type=dict[str, Any])
    return Kept(stored.digest, Recorded(stored.position, stored.version, facts, extra))


class RedisAnswers:
    """Implements ``commands.remembered.Answers`` for all processes of a cluster."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Return what is kept under these keys."""
        values = await self._shared.ask(lambda at: ("MGET", *(f"{at}key:{key}" for key in keys)))
        return dict(_readable(keys, values or []))

    def keep(self, kept: Mapping[str, Kept]) -> None:
        """Keep these. Nobody waits until they are written."""
        for key, one in kept.items():
            self._keep(key, encode(one))

    def _keep(self, key: str, value: bytes) -> None:
        if len(value) <= ANSWER_BYTES_MAX:
            self._shared.tell(lambda at: ("SET", f"{at}key:{key}", value, "EX", ANSWERS_SECONDS))


def _readable(keys: Sequence[str], values: Sequence[bytes | None]) -> Iterator[tuple[str, Kept]]:
    for key, value in zip(keys, values, strict=False):
        if value is not None:
            with contextlib.suppress(msgspec.MsgspecError):  # written by another version
                yield key, decode(value)
