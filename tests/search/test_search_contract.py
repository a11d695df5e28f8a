"""What does every search index promise? The same suite for PostgreSQL and Elasticsearch."""

from __future__ import annotations

import pytest

from domain.catalogue.facts import ContentVersionPublished, CourseCreated, Item
from domain.credentials.facts import CertificateRevoked
from domain.kernel import Personal
from read_api.ports.search import Piece
from tests.readings import histories as h
from tests.search.conftest import FURNISHED, Searching

CONTENT = f"run-content/{h.RUN}"


def test_nothing_is_found_where_nothing_is(searching: Searching) -> None:
    """An empty index answers too."""
    found = searching.search("anything")
    assert (found.position, list(found.hits), dict(found.facets)) == (0, [], {})


def test_another_tenant_finds_nothing(furnished: Searching) -> None:
    """Neither by words nor by an id, and is not told how much there is."""
    for words in ("appreciation", "a1", h.RUN, "oulad", "oulad-11391"):
        assert furnished.found(words), "the control"
        found = furnished.search(words, tenant="other")
        assert (list(found.hits), dict(found.facets)) == ([], {})


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("appreciation", {"AAA"}),
        ("APPRECIATION of ANYTHING", {"AAA"}),
        ("curious anything", {"AAA"}),
        ("anything nowhere", set()),
        ("autumn", {h.RUN}),
        ("a1", {"a1"}),
        ("assignment", {"a1"}),
        ("oulad", {"oulad-11391", "oulad-11392", "c-oulad-11391"}),
    ],
)
def test_what_has_all_the_words_is_found(furnished: Searching, words: str, found: set[str]) -> None:
    """In its id, title or body, in whatever case and order."""
    assert set(furnished.found(words)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ap", {"AAA"}),
        ("welc", {"v1"}),
        ("first ess", {"a1"}),
        ("oulad-1139", {"oulad-11391", "oulad-11392", "c-oulad-11391"}),
        (
            "aaa-20",
            {h.RUN, "a1", "v1", "oulad-11391", "oulad-11392", "c-oulad-11391"} - {"a1", "v1"},
        ),
        ("ess first", set()),
        ("the geo", {"GEO"}),
    ],
)
def test_of_the_last_word_the_beginning_is_enough(
    furnished: Searching, words: str, found: set[str]
) -> None:
    """So that something is found while somebody types; the words before it are finished."""
    assert set(furnished.found(words)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("essay", {"a1", "GEO"}),
        ("essays", {"a1", "GEO"}),
        ("appreciating", {"AAA"}),
        ("essays first", {"a1"}),
        ("the essays", {"a1", "GEO"}),
        ("geologist's essay", {"GEO"}),
        ("assignments", {"a1"}),
    ],
)
def test_the_endings_of_english_words_make_no_difference(
    furnished: Searching, words: str, found: set[str]
) -> None:
    """Nor do the words that every sentence has."""
    assert set(furnished.found(words)) == found


@pytest.mark.parametrize(
    "words",
    [
        "cafe",
        "CAFÉ",
        "cafe\u0301",
        "naive",
        "oeuvres",
        "œuvre",
        "strasse",
        "straße",
        "lodz",
        "são",
        "sao pau",
    ],
)
def test_accents_make_no_difference(furnished: Searching, words: str) -> None:
    """In what is searched for and in what is found."""
    assert furnished.found(words) == ["BIO"]


@pytest.mark.parametrize("words", ["AAA-2013J", "aaa-2013j"])
def test_an_id_that_is_the_very_words_comes_first(searching: Searching, words: str) -> None:
    """Whatever else has the words, and how often."""
    searching.add(*FURNISHED)
    searching.add(("course/X", CourseCreated("X", "AAA-2013J AAA-2013J", "AAA-2013J " * 20)))
    assert searching.found(words)[0] == h.RUN
    assert set(searching.found(words)) >= {h.RUN, "X"}


def test_a_title_says_more_than_a_body(searching: Searching) -> None:
    """What fits best comes before what fits too."""
    searching.add(
        ("course/A1", CourseCreated("A1", "Something else", "On basalt, and on so much more")),
        ("course/B1", CourseCreated("B1", "Basalt", "Stones")),
    )
    assert searching.found("basalt") == ["B1", "A1"]


def test_all_kinds_are_counted_whichever_is_shown(furnished: Searching) -> None:
    """The counts are the same for every part and every kind."""
    whole = furnished.search("aaa")
    assert dict(whole.facets) == {"course": 1, "run": 1, "learner": 2, "certificate": 1}
    learners = furnished.search("aaa", kind="learner", limit=1)
    assert dict(learners.facets) == dict(whole.facets)
    assert [match.kind for match in learners.hits] == ["learner"]
    assert furnished.found("aaa", kind="item") == []


def test_pages_fit_together(searching: Searching) -> None:
    """Every match once, in one order, though all of them fit equally well."""
    items = tuple(Item(f"i{number:03}", "page", "Stone") for number in range(57))
    searching.add((CONTENT, ContentVersionPublished(h.RUN, 1, items)))
    whole = searching.found("stone", limit=100)
    assert sorted(whole) == [item.item for item in items]
    parts = [searching.found("stone", limit=10, offset=at) for at in range(0, 60, 10)]
    assert [one for part in parts for one in part] == whole
    assert searching.found("stone", limit=501, offset=9_999) == []


def test_what_is_taken_out_is_not_found_until_it_is_back(searching: Searching) -> None:
    """By no word, by no id, and in no count."""
    searching.add(*FURNISHED)
    out = ContentVersionPublished(h.RUN, 2, h.CONTENT.items[:1], removed=("v1",))
    searching.add((CONTENT, out))
    assert searching.found("welcome") == searching.found("v1") == []
    assert dict(searching.search("welcome").facets) == {}
    searching.add((CONTENT, ContentVersionPublished(h.RUN, 3, h.CONTENT.items)))
    assert searching.found("welcome") == ["v1"]


def test_what_changes_is_found_by_its_new_words_only(searching: Searching) -> None:
    """An item under another title; a certificate that is revoked."""
    searching.add(*FURNISHED)
    again = ContentVersionPublished(h.RUN, 2, (Item("a1", "exam", "Viva"),), removed=("v1",))
    searching.add((CONTENT, again))
    assert (searching.found("first essay"), searching.found("viva")) == ([], ["a1"])
    revoked = CertificateRevoked("c-oulad-11391", Personal(sealed="x"))
    searching.add((h.enrolment("oulad-11391"), revoked))
    assert searching.found("revoked") == ["c-oulad-11391"]


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("cafe", [("Café", True), (" culture: naïve Œuvres", False)]),
        ("oeuv", [("Café culture: naïve ", False), ("Œuvres", True)]),
        (
            "naive cafe",
            [("Café", True), (" culture: ", False), ("naïve", True), (" Œuvres", False)],
        ),
    ],
)
def test_the_words_found_are_marked_as_they_are_written(
    furnished: Searching, words: str, marked: list[tuple[str, bool]]
) -> None:
    """Whole words of the title, with their accents; then what else is said."""
    (match,) = furnished.search(words).hits
    (at,) = (n for n, piece in enumerate(match.highlight) if piece.text == " · ")
    assert list(match.highlight[:at]) == [Piece(*piece) for piece in marked]
    assert "".join(piece.text for piece in match.highlight[at + 1 :]).startswith("Straße, Łódź")


def test_an_excerpt_of_a_long_body_has_the_word(searching: Searching) -> None:
    """And not the whole of it, nor any markup of the text's own."""
    body = "before " * 500 + "<b>Basalt</b> & <i>more</i> " + "after " * 500
    searching.add(("course/LONG", CourseCreated("LONG", "Long", body)))
    (match,) = searching.search("basalt").hits
    text = "".join(piece.text for piece in match.highlight)
    assert [piece.text for piece in match.highlight if piece.match] == ["Basalt"]
    assert text.removeprefix("Long · ") in body
    assert len(text) < 1_000


@pytest.mark.parametrize(
    "words",
    [
        '"', "'", "''", "\\", ":*", "-", "!", "(", ")", "a & b", "a | b", "or", "-or", "a'b", "the",
        "🙂", "a 🙂", "a\\'b:*", "?", "*", "title:x", "_id:1", "[1 TO 2]", "{", "~2", "a AND",
        "/x/", "…", "«»", "\u0301", "課程", "\u202e", "a" * 200, "a " * 100, "é" * 200, "%", "<->",
        "\t\n", "\x01", "\x02a\x03", "1e5", "0x1F", "-1", "1.5", "www.example.org/a?b", "a@b.c",
    ],
)  # fmt: skip
def test_whatever_people_type_is_answered(furnished: Searching, words: str) -> None:
    """Signs mean nothing, and nothing is an error."""
    assert furnished.search(words).position == len(furnished.log.rows)


@pytest.mark.parametrize("words", ["…", "-", "🙂", "!?", '"'])
def test_signs_alone_find_nothing(furnished: Searching, words: str) -> None:
    """There is no word in them."""
    assert furnished.found(words) == []


@pytest.mark.parametrize(
    "title", ["a.b/c@d-e", "v1.2.3", "C++ & C#", "-11391", "1e5", "0x1F", "2013J", "don't", "x_y"]
)
def test_a_title_is_found_by_itself(searching: Searching, title: str) -> None:
    """However its words are joined by signs."""
    searching.add(("course/T", CourseCreated("T", title)))
    assert searching.found(title) == ["T"]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("سلام", "سلام، عالم"),
        ("नमस्ते", "नमस्ते। दुनिया"),
        ("b", "a\u00a0b"),
        ("bold", "\U0001d41b\U0001d428\U0001d425\U0001d41d"),
        ("full", "\uff26\uff35\uff2c\uff2c"),
        ("ελλαδα", "Ελλάδα"),
        ("\u0439од", "йод"),
    ],
)
def test_other_scripts_are_folded_too(searching: Searching, words: str, title: str) -> None:
    """Their accents, their signs, and letters that are written in other forms."""
    searching.add(("course/T", CourseCreated("T", title)))
    assert searching.found(words) == ["T"]


def test_the_position_is_that_of_what_can_be_found(searching: Searching) -> None:
    """What was recorded up to it is found at once."""
    searching.add(*FURNISHED)
    for number in range(5):
        searching.add((f"course/N{number}", CourseCreated(f"N{number}", f"Novelty{number}")))
        found = searching.search(f"novelty{number}")
        assert found.position == len(searching.log.rows)
        assert [match.id for match in found.hits] == [f"N{number}"]


def test_a_rebuild_finds_the_same(searching: Searching) -> None:
    """In another generation, without the one before."""
    searching.add(*FURNISHED)
    words = ("aaa", "oulad", "essay", "cafe")
    before = [searching.search(one) for one in words]
    searching.rebuild()
    assert [searching.search(one) for one in words] == before
    assert [state.generation for state in searching.store.states()] == [2]
