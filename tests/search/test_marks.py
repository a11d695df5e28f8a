"""Are the words that were found marked, and no others?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.search.marks import EXCERPT_CHARACTERS_MAX, highlight, sought
from infra.search.words import asked

BETWEEN = " · "


def marked(words: str, title: str, body: str = "") -> str:
    """Return the highlight with brackets around what matches."""
    pieces = highlight(title, body, sought(asked(words)))
    return "".join(f"[{piece.text}]" if piece.match else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("words", "title", "expected"),
    [
        ("essay", "First essay", "First [essay]"),
        ("essays", "First essay", "First [essay]"),
        ("ess", "First essay", "First [essay]"),
        ("first ess", "First essays", "[First] [essays]"),
        ("ess first", "First essay", "[First] essay"),
        ("the essay", "The essay of the week", "The [essay] of the week"),
        ("the", "The essay", "[The] essay"),
        ("strasse", "Straße, Cafe\u0301", "[Straße], Cafe\u0301"),
        ("cafe", "Straße, Cafe\u0301!", "Straße, [Cafe\u0301]!"),
        ("aaa-2013j", "Run AAA-2013J", "Run [AAA]-[2013J]"),
        ("1", "½ and 1", "[½] and [1]"),
        ("<b>", "<b>B</b>", "<[b]>[B]</[b]>"),
        ("…", "Anything", "Anything"),
        ("x", "", ""),
    ],
)
def test_whole_words_are_marked(words: str, title: str, expected: str) -> None:
    """As they are written: by themselves, by their stem, and by the beginning of the last."""
    assert marked(words, title) == expected


def test_an_excerpt_begins_shortly_before_the_first_word_found() -> None:
    """And ends with a whole word; a short body is shown whole, whatever is found."""
    body = "before " * 100 + "basalt " + "after " * 100
    excerpt = marked("basalt", "Title", body).removeprefix(f"Title{BETWEEN}")
    assert excerpt.startswith("before before")
    assert "before [basalt] after" in excerpt
    assert excerpt.endswith("after")
    assert len(excerpt) <= EXCERPT_CHARACTERS_MAX + len("[]")
    assert marked("no", "Title", "A short body.") == "Title · A short body."
    assert marked("no", "Title", body).startswith("Title · before before")


@given(st.text(), st.text(), st.text(max_size=300))
def test_nothing_of_a_text_is_lost_or_changed(words: str, title: str, body: str) -> None:
    """Whatever it is made of: the pieces are the title, and a stretch of the body."""
    pieces = highlight(title, body, sought(asked(words)))
    text = "".join(piece.text for piece in pieces)
    assert text.startswith(title)
    assert text[len(title) :].removeprefix(BETWEEN) in body
    assert all(piece.text for piece in pieces)
