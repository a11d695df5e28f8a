"""Do all that fold text fold it alike?"""

from __future__ import annotations

from unicodedata import category

import psycopg
import pytest

from infra.engines.elasticsearch import Elasticsearch
from infra.search import mapping
from infra.search.clients import store_client
from infra.search.words import FOLDED, asked, folded
from projections.search import SEARCH
from tests.databases import Databases

BATCH_CHARACTERS = 512
NEWER = {0x1C89, 0x1C8A, *range(0xA7CB, 0xA7CE), *range(0xA7DA, 0xA7DD), *range(0x1E030, 0x1E06E)}
"""Came with Unicode 15 or later, which not every version of Python and PostgreSQL knows."""
ALL = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xF900, 0xFFEF), (0x1D100, 0x1FAFF))
SIGNS = "PS"
"""Categories of Unicode."""


def characters(ranges: tuple[tuple[int, int], ...]) -> list[str]:
    """Return the characters in there that everybody knows."""
    codes = (code for first, last in ranges for code in range(first, last + 1))
    return [chr(code) for code in codes if code not in NEWER and category(chr(code)) != "Cn"]


def rare(character: str) -> bool:
    """Whether it stays a sign, at which Elasticsearch alone parts words."""
    return any(category(one)[0] in SIGNS for one in folded(character))


@pytest.mark.parametrize("server", ["databases_18", "databases_15"])
def test_postgres_folds_as_we_do(request: pytest.FixtureRequest, server: str) -> None:
    """Letter by letter, in every script that is in use."""
    databases: Databases = request.getfixturevalue(server)
    with databases.fresh() as dsn, psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select c, readings.folded(c) from unnest(%s::text[]) as c", (characters(ALL),)
        ).fetchall()
    assert {c: f for c, f in rows if f != folded(c)} == {}


def test_elasticsearch_folds_as_we_do(elasticsearch: Elasticsearch) -> None:
    """The words that it cuts a text into are the words of the text that we fold."""
    with store_client(elasticsearch.url) as client:
        client.indices.create(
            index="test-words",
            settings=mapping.settings(),
            mappings=mapping.mappings(SEARCH.documents[0], {}),
        )
        try:
            wrong = {}
            known = [c for c in characters(((0x20, 0x7E), *FOLDED)) if not rare(c)]
            for first in range(0, len(known), BATCH_CHARACTERS):
                part = known[first : first + BATCH_CHARACTERS]
                text = " ".join(f"a{c}b" for c in part)
                answer = client.indices.analyze(index="test-words", analyzer="plain", text=text)
                found = [token["token"] for token in answer["tokens"]]
                if found != folded(text).split():
                    wrong[part[0]] = set(found) ^ set(folded(text).split())
            assert wrong == {}
        finally:
            client.indices.delete(index="test-words")


def test_what_is_asked_for_is_words_of_which_the_last_may_be_unfinished() -> None:
    """Signs part words, and mean nothing else."""
    assert asked("  The Über-Café's ") == ("the uber cafe", "s")
    assert asked("one") == ("", "one")
    assert asked("… - 🙂") == ("", "")
    assert asked("a b").words == "a b"
