"""How is a set kept that only grows, so that adding to it does not copy it?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

LOOSE_MAX = 32


class Growing(msgspec.Struct, frozen=True, eq=False):
    """An immutable set of texts to which are added one after another.

    It is held in parts of falling size and a few loose ones. When those are many, they become a
    part, joined with the parts that are no larger: n additions copy about n log n texts, where a
    plain set would copy n squared.
    """

    parts: tuple[frozenset[str], ...] = ()
    loose: frozenset[str] = frozenset()

    def with_one(self, text: str) -> Growing:
        """Return the set with a text in it."""
        parts, loose = self.parts, self.loose
        if text in loose:
            return self
        for part in parts:
            if text in part:
                return self
        loose = loose | {text}
        if len(loose) < LOOSE_MAX:
            return Growing(parts, loose)
        while parts and len(parts[-1]) <= len(loose):
            loose = parts[-1] | loose
            parts = parts[:-1]
        return Growing((*parts, loose))

    def __contains__(self, text: str) -> bool:
        return text in self.loose or any(text in part for part in self.parts)

    def __iter__(self) -> Iterator[str]:
        for part in self.parts:
            yield from part
        yield from self.loose

    def __len__(self) -> int:
        return len(self.loose) + sum(map(len, self.parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Growing) and set(self) == set(other)

    def __hash__(self) -> int:
        return hash(frozenset(self))
