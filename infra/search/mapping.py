"""How does Elasticsearch take the documents of a reading in: which fields, cut into which words?"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from infra.search.words import STOP_WORDS, table
from projections.reading import TENANT, Documents
from read_api.cursors import LIMIT_ROWS_MAX
from read_api.queries.search import RESULTS_RANKED_MAX

PREFIX_CHARACTERS_MAX = 64
"""A beginning of a word is found up to this length: no id is longer."""
ALL = "words"
"""The field that the words of all searched fields are found in."""

_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "keyword"},
    bool: {"type": "boolean"},
    int: {"type": "long"},
    datetime: {"type": "date"},
    date: {"type": "date"},
}
_AS_IT_IS = {"type": "object", "enabled": False}
_UNPLACED = {"type": "text", "index_options": "freqs"}
"""No phrases are searched for, so where in its text a word stands need not be kept."""
_ENGLISH = {**_UNPLACED, "analyzer": "english"}
_WORDS = {
    "type": "text",
    "index": False,
    "fields": {
        "english": _ENGLISH,
        "prefix": {**_UNPLACED, "analyzer": "beginnings", "search_analyzer": "plain"},
    },
}
_ASKED_ALONE: dict[str, dict[str, Any]] = {
    "id": {"exact": {"type": "keyword", "normalizer": "small"}},
    "title": {"english": _ENGLISH},
}
"""Searched fields that a query names; the words of all are found together, in ``ALL``."""


def settings() -> dict[str, Any]:
    """Return an index's settings. It is refreshed by who writes, so that all up to a position can
    be found when the position says so, and by nobody else."""
    return {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": -1,
        # So that "only_expunge_deletes" leaves no segment out: an erasure rests on it.
        "index.merge.policy.expunge_deletes_allowed": 0,
        "max_result_window": RESULTS_RANKED_MAX + LIMIT_ROWS_MAX + 1,
        "analysis": {
            "char_filter": {"folded": {"type": "mapping", "mappings": list(_folds())}},
            "tokenizer": {
                "runs": {
                    "type": "char_group",
                    "tokenize_on_chars": ["whitespace", "punctuation", "symbol"],
                }
            },
            "filter": {
                "stopped": {"type": "stop", "stopwords": sorted(STOP_WORDS)},
                "stemmed": {"type": "stemmer", "language": "porter2"},
                "begun": {
                    "type": "edge_ngram",
                    "min_gram": 1,
                    "max_gram": PREFIX_CHARACTERS_MAX,
                },
            },
            "analyzer": {
                "plain": _analyzer("lowercase"),
                "english": _analyzer("lowercase", "stopped", "stemmed"),
                "beginnings": _analyzer("lowercase", "begun"),
            },
            "normalizer": {"small": {"type": "custom", "filter": ["lowercase"]}},
        },
    }


def mappings(documents: Documents[Any], meta: dict[str, Any]) -> dict[str, Any]:
    """Return an index's fields: the document's own, and nothing that is not known."""
    hints = get_type_hints(documents.row)
    fields = {name: _field(hints[name]) for name in documents.row.__struct_fields__}
    fields[TENANT] = _SIMPLE[str]
    for name in documents.searched:
        alone = _ASKED_ALONE.get(name, {})
        fields[name] = {"type": "text", "index": False, "copy_to": ALL, "fields": alone}
    if documents.searched:
        fields[ALL] = _WORDS
    return {"dynamic": "strict", "_meta": meta, "properties": fields}


def _field(hint: Any) -> dict[str, Any]:
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds = [member for member in members if member is not type(None)]
    kind = str if get_origin(kinds[0]) is Literal else kinds[0]
    return _SIMPLE.get(kind, _AS_IT_IS) if len(kinds) == 1 else _AS_IT_IS


def _analyzer(*filters: str) -> dict[str, Any]:
    return {
        "type": "custom",
        "char_filter": ["folded"],
        "tokenizer": "runs",
        "filter": list(filters),
    }


def _folds() -> Iterator[str]:
    for character, folded in table():
        yield f"{_escaped(character)} => {_escaped(folded)}"


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
