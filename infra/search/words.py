"""Which words does a text have, whatever its accents and signs?

Both engines fold text alike: PostgreSQL by the function ``readings.folded``, Elasticsearch by the
table that is given to it, made here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

FOLDED = ((0x00A0, 0x33FF), (0xA640, 0xABFF), (0xF900, 0xFFEF), (0x1D400, 0x1F2FF))
"""The characters that the table tells of: all but Korean syllables, which would be half of it, and
the rarest Chinese ones."""
_STOP = (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his "
    "himself she her hers herself it its itself they them their theirs themselves what which "
    "who whom this that these those am is are was were be been being have has had having do "
    "does did doing a an the and but if or because as until while of at by for with about "
    "against between into through during before after above below to from up down in out on "
    "off over under again further then once here there when where why how all any both each "
    "few more most other some such no nor not only own same so than too very s t can will "
    "just don should now "
)
STOP_WORDS = frozenset(_STOP.split())
"""The same as PostgreSQL's for English, so that both engines look for the same words."""

_ASCII_SIGNS = {ord(c): " " for c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}
_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ı": "i",
    "ħ": "h",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
}
_ACCENTS = range(0x0300, 0x0370)
_SIGNS = (
    *(range(0x00A0, 0x00C0), range(0x00D7, 0x00D8), range(0x00F7, 0x00F8)),
    *(range(0x02B9, 0x0300), range(0x0375, 0x0376), range(0x03F6, 0x03F7)),
    *(range(0x0482, 0x0483), range(0x055A, 0x0560), range(0x0589, 0x0590)),
    *(range(0x05BE, 0x05BF), range(0x05C0, 0x05C1), range(0x05C3, 0x05C4)),
    *(range(0x05F3, 0x05F5), range(0x0606, 0x0610), range(0x061B, 0x0620)),
    *(range(0x066A, 0x066E), range(0x06D4, 0x06D5), range(0x0700, 0x070E)),
    *(range(0x0964, 0x0966), range(0x0E4F, 0x0E50), range(0x0E5A, 0x0E5C)),
    *(range(0x104A, 0x1050), range(0x10FB, 0x10FC), range(0x1360, 0x1369)),
    *(range(0x1680, 0x1681), range(0x17D4, 0x17D7), range(0x17D8, 0x17DB)),
    *(range(0x1800, 0x180B), range(0x2000, 0x2C00), range(0x2E00, 0x2E80)),
    *(range(0x3000, 0x3040), range(0x30FB, 0x30FC), range(0xFE00, 0xFF00)),
    range(0x1F000, 0x1FB00),
)
_SIGN_CODES = frozenset(chain.from_iterable(_SIGNS))


class Asked(NamedTuple):
    """What is searched for: folded words, of which the last may be unfinished."""

    finished: str
    last: str

    @property
    def words(self) -> str:
        """All of them."""
        return f"{self.finished} {self.last}".strip()


def asked(words: str) -> Asked:
    """Return what these words ask for; both empty: for nothing but an id perhaps."""
    *finished, last = folded(words).split() or [""]
    return Asked(" ".join(finished), last)


def folded(text: str) -> str:
    """Return small letters without accents, and a space for every sign."""
    if text.isascii():
        return text.lower().translate(_ASCII_SIGNS)
    return "".join(map(_folded, text))


@lru_cache(maxsize=4_096)
def _folded(character: str) -> str:
    return "".join(map(_plain, unicodedata.normalize("NFKD", character).lower()))


def _plain(character: str) -> str:
    code = ord(character)
    if code in _ACCENTS:
        return ""
    if code in _ASCII_SIGNS or code in _SIGN_CODES:
        return " "
    return _LETTERS.get(character, character)


def origins(text: str) -> list[int]:
    """Return where each character of the folded text comes from, and the text's length."""
    if text.isascii():
        return list(range(len(text) + 1))
    return [*(at for at, character in enumerate(text) for _ in _folded(character)), len(text)]


def table() -> Iterator[tuple[str, str]]:
    """Yield every character that is folded to something else than its small letter, with that.

    Signs are left out, for Elasticsearch parts words there by itself; some spaces it does not.
    """
    for sign in _ASCII_SIGNS:
        yield chr(sign), " "
    for first, last in FOLDED:
        for character in map(chr, range(first, last + 1)):
            plain = _folded(character)
            if plain in (character, character.lower()):
                continue
            if plain != " " or unicodedata.category(character)[0] not in "PS":
                yield character, plain
