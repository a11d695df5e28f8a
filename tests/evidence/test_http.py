"""Can anybody check the log over HTTP, with nothing but the tree's definition?"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from domain.evidence.checkpoints import Checkpoint, opened
from domain.evidence.exports import Entry
from domain.evidence.notes import parse_key
from domain.evidence.tree import extends, includes, leaf_hash
from infra.evidence.keys import check
from tests.databases import Databases
from tests.evidence.test_tree import naive_root
from tests.read_api.world import COURSE, World, world
from tests.server import eventually


@pytest.fixture(scope="module")
def sealed(databases_18: Databases) -> Iterator[World]:
    """A registrar that has recorded a little, and sealed it. Tests only read it."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        for number in range(20):
            one.command("create-course", **COURSE | {"course": f"C{number}"})
        eventually(lambda: checkpoint(one).size == one.position, 20, "all is sealed")
        yield one


def checkpoint(one: World) -> Checkpoint:
    """The last checkpoint, as somebody with the log's key reads it."""
    note, keys = one.ask("/v1/log/checkpoint"), one.ask("/v1/log/keys")
    if note.status_code == 404:
        return Checkpoint("", -1, b"", "")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    known = [parse_key(line) for line in keys.text.splitlines()]
    return opened(note.content, known, check).checkpoint


def leaf_of(fact: dict[str, Any]) -> bytes:
    """The leaf of a fact that was answered."""
    one = Entry(**fact)
    return leaf_hash(one.position, one.recorded_us, one.version, one.stored)


def hashes(answer: dict[str, Any]) -> list[bytes]:
    """The hashes of a proof."""
    return [b64decode(one) for one in answer["hashes"]]


def test_the_tiles_give_the_root(sealed: World) -> None:
    """Whoever reads all leaves can compute what was signed; an address names its width."""
    size, root = checkpoint(sealed)[1:3]
    tile = sealed.ask(f"/v1/log/tile/0/000.p/{size}")
    assert tile.headers["content-type"] == "application/octet-stream"
    leaves = [tile.content[at : at + 32] for at in range(0, 32 * size, 32)]
    assert naive_root(leaves) == root
    assert sealed.ask("/v1/log/tile/0/000.p/3").content == tile.content[: 3 * 32]


def test_every_fact_has_a_proof(sealed: World) -> None:
    """Of the body as it is stored, against the checkpoint that comes with it."""
    stated = checkpoint(sealed)
    for position in (1, 7, stated.size):
        answer = sealed.get(f"log/proof/{position}", min_position=None)
        assert answer["checkpoint"] == sealed.ask("/v1/log/checkpoint").text
        assert answer["fact"]["position"] == position
        leaf = leaf_of(answer["fact"])
        assert includes(position - 1, stated.size, leaf, hashes(answer), stated.root)


def test_a_proof_can_be_had_for_an_earlier_tree(sealed: World) -> None:
    """One whose checkpoint somebody has kept."""
    leaves = sealed.ask("/v1/log/tile/0/000.p/10").content
    root = naive_root([leaves[at : at + 32] for at in range(0, 320, 32)])
    answer = sealed.get("log/proof/3", min_position=None, size=10)
    assert answer["checkpoint"] is None
    assert includes(2, 10, leaf_of(answer["fact"]), hashes(answer), root)


def test_the_log_shows_that_it_only_grew(sealed: World) -> None:
    """Between any two sizes."""
    stated = checkpoint(sealed)
    leaves = sealed.ask(f"/v1/log/tile/0/000.p/{stated.size}").content
    for old in (1, 8, 13, stated.size):
        was = naive_root([leaves[at : at + 32] for at in range(0, 32 * old, 32)])
        answer = sealed.get("log/consistency", min_position=None, **{"from": old})
        assert (answer["from"], answer["to"]) == (old, stated.size)
        assert extends(old, was, stated.size, stated.root, hashes(answer))


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("proof/999", 404, "not-found"),
        ("proof/0", 422, "invalid-parameter"),
        ("proof/1?size=999", 422, "invalid-parameter"),
        ("proof/5?size=4", 422, "invalid-parameter"),
        ("proof/5?sise=4", 422, "invalid-parameter"),
        ("consistency", 422, "invalid-parameter"),
        ("consistency?from=999", 422, "invalid-parameter"),
        ("consistency?from=5&to=4", 422, "invalid-parameter"),
        ("consistency?from=5&to=999", 422, "invalid-parameter"),
        ("tile/0/000", 404, "not-found"),
        ("tile/0/001", 404, "not-found"),
        ("tile/1/000.p/1", 404, "not-found"),
        ("tile/0/nothing", 404, "not-found"),
        ("tile/9/000", 422, "invalid-parameter"),
    ],
)
def test_what_cannot_be_proven_is_a_problem(
    sealed: World, path: str, status: int, kind: str
) -> None:
    """That says what is wrong."""
    assert sealed.refused(f"/v1/log/{path}", status)["type"] == f"/problems/{kind}"


def test_the_sealer_is_among_the_followers_that_readyz_knows(sealed: World) -> None:
    """So that a log that is no longer sealed is noticed."""
    ready = sealed.ask("/readyz").json()
    assert "sealer" in {one["name"] for one in ready["policies"]}
    assert ready["ready"]
