"""Does this build read every fact that was ever stored, and take it to mean the same?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from docs import stored_facts
from docs.samples import AT, samples
from docs.stored_facts import FOLDER, changed, found, lacking
from domain.kernel import Envelope, Fact, StreamKind
from domain.registry import Registry, UnknownFact
from domain.streams import REGISTRY
from projections.decoding import Broken, Unreadable, decode, read
from projections.decoding import StoredFact as Row
from projections.ports import RawFact
from read_api.sentences.sentence import sentence

STORED = [
    (name, number, one["body"].encode())
    for name, (_, kept) in found(FOLDER).items()
    for number, one in enumerate(kept)
]


def test_every_fact_is_stored_and_read_as_it_was() -> None:
    """Every type, schema and field. ``python -m docs.stored_facts`` adds those of new facts."""
    assert changed(REGISTRY, FOLDER) == []
    assert lacking(REGISTRY, FOLDER) == {}
    assert stored_facts.main(["--check"]) == 0
    names = {name.rpartition(".v")[0] for name, _, _ in STORED}
    assert names == set(REGISTRY.types)


@pytest.mark.parametrize(("name", "number", "body"), STORED)
def test_what_is_stored_is_taken_in_and_told(name: str, number: int, body: bytes) -> None:
    """By the state of its stream, by readers of pages, and by people."""
    envelope = REGISTRY.decode(1, AT, 1, body)
    known = REGISTRY.types[envelope.type]
    state = known.kind.evolve(known.kind.initial, envelope.fact, AT)
    later = known.kind.evolve(state, envelope.fact, AT + timedelta(days=1))
    assert type(later) is type(known.kind.initial)
    (taken,) = decode([RawFact(1, AT, 1, body)], REGISTRY, frozenset({envelope.type}))
    assert taken == envelope
    assert sentence(envelope, {})


class Before(Fact, frozen=True, omit_defaults=True):
    """A fact as it was first stored."""

    item: str
    percent: int
    note: str = ""


def registry(cls: type[Fact]) -> Registry:
    """Return a registry that knows this class under the name of the first one."""
    cls.__name__ = "Moved"
    return Registry((StreamKind("move", None, lambda *_: None, (cls,)),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder where the first class was stored."""
    before = registry(Before)
    for path, content in lacking(before, tmp_path).items():
        path.write_bytes(msgspec.json.encode(content))
    assert changed(before, tmp_path) == []
    assert lacking(before, tmp_path) == {}
    return tmp_path


def made(*fields: Any, **more: Any) -> type[Fact]:
    """Return another class of the same name."""
    return msgspec.defstruct(
        "Moved", fields, bases=(Fact,), frozen=True, namespace=more, omit_defaults=True
    )


ITEM, PERCENT, NOTE = ("item", str), ("percent", int), ("note", str, "")


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (made(ITEM, ("share", int), NOTE), "cannot be read"),
        (made(ITEM, PERCENT), ".note is read no more"),
        (made(ITEM, ("percent", str), NOTE), "cannot be read"),
        (made(ITEM, PERCENT, ("note", str, "none")), ".note was '', and is read as 'none'"),
        (made(ITEM, ("percent", float), NOTE), None),
        (made(ITEM, PERCENT, NOTE, ("by", str | None, None)), None),
        (made(ITEM, PERCENT, ("by", str), NOTE), "cannot be read"),
    ],
)
def test_a_change_of_meaning_is_noticed(folder: Path, cls: type[Fact], said: str | None) -> None:
    """Of names, types and defaults; a field that is added with a default is none."""
    told = changed(registry(cls), folder)
    assert (told == []) if said is None else any(said in one for one in told), told


def test_a_new_field_wants_a_sample(folder: Path) -> None:
    """What was stored stays as it is, and more is added."""
    cls = made(ITEM, PERCENT, NOTE, ("by", str | None, None))
    ((path, content),) = lacking(registry(cls), folder).items()
    assert content[:2] == msgspec.json.decode(path.read_bytes())
    assert [one["bare"] for one in content] == [False, True, False, True]


def shared(payload: dict[str, Any]) -> dict[str, Any]:
    """Turn a percent into a share."""
    return {"item": payload["item"], "share": f"{payload['percent'] / 100}"}


def test_a_higher_schema_needs_an_upcaster_and_pins_what_it_makes(folder: Path) -> None:
    """Without one the registry is refused; with one, what it makes of old bytes is stored too."""
    fields = (ITEM, ("share", str))
    with pytest.raises(ValueError, match="needs 1 upcasters"):
        registry(made(*fields, schema=2))
    after = registry(made(*fields, schema=2, upcasters=(shared,)))
    for path, content in lacking(after, folder).items():
        path.write_bytes(msgspec.json.encode(content))
    assert set(found(folder)) == {"Moved.v1", "Moved.v2"}
    assert lacking(after, folder) == {}
    assert changed(after, folder) == []

    def otherwise(payload: dict[str, Any]) -> dict[str, Any]:
        return {**shared(payload), "share": "0"}

    (said, *_) = changed(registry(made(*fields, schema=2, upcasters=(otherwise,))), folder)
    assert ".share was '0.07', and is read as '0'" in said

    def broken(payload: dict[str, Any]) -> dict[str, Any]:
        return {"item": payload["nothing"]}

    (said, *_) = changed(registry(made(*fields, schema=2, upcasters=(broken,))), folder)
    assert "cannot be read" in said


def test_a_later_schema_is_not_guessed_at() -> None:
    """A build that is older than what it reads puts the fact aside."""

    class Newer(Fact, frozen=True):
        schema: ClassVar[int] = 2
        upcasters: ClassVar[tuple[Any, ...]] = (shared,)
        item: str

    older, newer = registry(made(ITEM)), registry(Newer)
    (fact,) = list(samples(Newer))[:1]
    names = ("main/move/a", "id", "Moved", 2, AT, "main", None, "a", "c", "c", None, fact)
    body = newer.encode(Envelope(1, AT, 1, *names))
    with pytest.raises(UnknownFact, match="schema 2"):
        older.decode(1, AT, 1, body)
    row = Row(1, AT, 1, "main/move/a", "Moved", "main", None, body)
    assert isinstance(read(row, older).fact, Unreadable)
    (taken,) = decode([RawFact(1, AT, 1, body)], older, frozenset({"Moved"}))
    assert isinstance(taken, Broken)
