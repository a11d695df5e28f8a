"""How does a list say where its next part begins?"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from read_api.errors import BadParameter

LIMIT_ROWS_DEFAULT = 50
LIMIT_ROWS_MAX = 500
CURSOR_CHARACTERS_MAX = 1_000

R = TypeVar("R")


def encode(order: str, values: Sequence[Any]) -> str:
    """Return the cursor for what follows the row with these values of the keys of ``order``."""
    text = msgspec.json.encode([order, *values])
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(cursor: str, order: str, types: tuple[Any, ...]) -> tuple[Any, ...]:
    """Read a cursor back. Raises BadParameter where it is not one of this list in this order."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found, *values = msgspec.json.decode(text, type=list[Any])
        if found == order and len(values) == len(types) and len(cursor) <= CURSOR_CHARACTERS_MAX:
            return tuple(msgspec.convert(v, t) for v, t in zip(values, types, strict=True))
    except (ValueError, TypeError):  # msgspec's errors are ValueErrors
        pass
    raise BadParameter("next", "this is not a cursor that this list, in this order, gave out")


def cut(rows: Sequence[R], limit: int) -> tuple[list[R], R | None]:
    """Split what was read with ``limit + 1``: the part to answer; its last row if more follow."""
    page = list(rows[:limit])
    return page, page[-1] if len(rows) > limit else None
