"""Which words of a text are those that were searched for?

Worked out here from what an engine found, so that it is the same for each, and costs the engine
nothing: it is most of the work of a search otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import snowballstemmer

from infra.search.words import STOP_WORDS, Asked, folded, origins
from read_api.ports.search import Match, Piece

SCANNED_CHARACTERS_MAX = 4_000
"""Of a longer body the beginning is looked through."""
EXCERPT_CHARACTERS_MAX = 160
BEFORE_CHARACTERS = 40
"""So much of an excerpt stands before the first word found."""
STEMS_KEPT_MAX = 32_768
BETWEEN = Piece(" · ", match=False)

_WORD = re.compile(r"\S+")
_stemmer = snowballstemmer.stemmer("english")

Span = tuple[int, int]


class Sought(NamedTuple):
    """What a word may be, or be of one stem with, or begin with. No stem has another first letter
    than its words."""

    words: frozenset[str]
    stems: frozenset[str]
    first_letters: frozenset[str]
    last: str

    def has(self, word: str) -> bool:
        """Whether a folded word is one of those."""
        if word[0] not in self.first_letters:
            return False
        return word in self.words or word.startswith(self.last) or stem(word) in self.stems


def sought(what: Asked) -> Sought | None:
    """Return what to look for: words that every sentence has only where there are no others."""
    words = what.words.split()
    words = [word for word in words if word not in STOP_WORDS] or words
    if not words:
        return None
    first_letters = frozenset(word[0] for word in (*words, what.last))
    return Sought(frozenset(words), frozenset(map(stem, words)), first_letters, what.last)


def match(row: Mapping[str, Any], wanted: Sought | None) -> Match:
    """Return what was found, as an engine has it, with its words marked."""
    title = row["title"]
    marked = highlight(title, row["body"], wanted)
    return Match(row["kind"], row["id"], row["run"], row["course"], title, marked)


def highlight(title: str, body: str, wanted: Sought | None) -> tuple[Piece, ...]:
    """Return the title, and an excerpt of the body around the first word found, in pieces."""
    pieces = tuple(_pieces(title, _found(title, wanted), (0, len(title))))
    if not body:
        return pieces
    found = _found(body[:SCANNED_CHARACTERS_MAX], wanted)
    return (*pieces, BETWEEN, *_pieces(body, found, _excerpt(body, found)))


@lru_cache(maxsize=STEMS_KEPT_MAX)
def stem(word: str) -> str:
    """Return what the forms of an English word have in common."""
    return str(_stemmer.stemWord(word))


def _found(text: str, wanted: Sought | None) -> list[Span]:
    if wanted is None:
        return []
    plain = folded(text)
    spans = [one.span() for one in _WORD.finditer(plain) if wanted.has(one[0])]
    if text.isascii() or not spans:
        return spans
    at = origins(text)
    return [(at[start], max(at[end], at[end - 1] + 1)) for start, end in spans]


def _excerpt(body: str, found: list[Span]) -> Span:
    """Return a stretch of whole words that the first word found is in."""
    if len(body) <= EXCERPT_CHARACTERS_MAX:
        return 0, len(body)
    start = 0
    if found and found[0][1] > EXCERPT_CHARACTERS_MAX - BEFORE_CHARACTERS:
        start = body.find(" ", found[0][0] - BEFORE_CHARACTERS, found[0][0]) + 1 or found[0][0]
    end = start + EXCERPT_CHARACTERS_MAX
    cut = body.rfind(" ", max(start + 1, found[0][1] if found else 0), end + 1)
    return start, min(len(body), end) if cut < 0 or end >= len(body) else cut


def _pieces(text: str, found: list[Span], within: Span) -> Iterator[Piece]:
    at, last = within
    for start, end in found:
        if start < at or end > last:
            continue
        if start > at:
            yield Piece(text[at:start], match=False)
        yield Piece(text[start:end], match=True)
        at = end
    if at < last:
        yield Piece(text[at:last], match=False)
