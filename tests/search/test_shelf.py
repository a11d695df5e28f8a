"""Is no document lost or doubled, whatever happens between the index and the position?"""

from __future__ import annotations

import os
import signal
import time

import pytest
from elasticsearch import Elasticsearch as Client

from infra.engines.elasticsearch import Elasticsearch
from infra.search.shelf import BULK_DOCUMENTS_MAX, Refused, alias_name, index_name
from projections.batch import Folding
from projections.ports import Changes, Generation, StoreUnavailable
from projections.search import SEARCH, Entry
from read_api.queries.search import RESULTS_RANKED_MAX
from tests.search.conftest import FURNISHED, LATER, Shelved
from tests.shelves import checksum

AWAY_SECONDS_MAX = 10.0
OF = Generation(SEARCH, 1)


def index(one: Shelved, number: int = 1) -> str:
    """Return the name of a generation's index."""
    return index_name(one.cluster, "search", SEARCH.version, number)


def entry(position: int, title: str = "Module") -> dict[tuple[str, ...], Entry]:
    """Return a course as of a position."""
    made = Entry("course/Z", "course", "Z", None, "Z", title, "", False, position)
    return {("course/Z",): made}


def rebuilt(one: Shelved, client: Client) -> str:
    """Return the checksum of a rebuild from nothing."""
    one.rebuild()
    return checksum(client, alias_name(one.cluster, SEARCH.name))


def test_what_was_written_without_its_position_is_taken_in_again(
    one: Shelved, client: Client
) -> None:
    """As after a crash between the two: the index is ahead, and ends up as a rebuild would be."""
    for stream, fact in LATER:
        one.log.add(stream, fact)
    folding = Folding(SEARCH, lambda kind, keys: one.store.load(OF, kind, keys), [])
    folding.take([e for e in one.log.envelopes if e.type in SEARCH.facts])
    with one.store.transaction() as connection:
        one.shelf.write(connection, OF, folding.changes(len(one.log.rows)), True)
    ahead = checksum(client, alias_name(one.cluster, SEARCH.name))
    assert [state.position for state in one.store.states()] == [len(FURNISHED)]
    one.add()
    assert [state.position for state in one.store.states()] == [len(one.log.rows)]
    assert checksum(client, alias_name(one.cluster, SEARCH.name)) == ahead == rebuilt(one, client)


def test_an_older_document_never_wins(one: Shelved) -> None:
    """Who was overtaken may still be writing: that is no error, and changes nothing."""
    with one.store.transaction() as connection:
        for position, title in ((9, "new"), (5, "old"), (9, "new again")):
            changes = Changes(position, {"entry": entry(position, title)})
            one.shelf.write(connection, OF, changes, True)
    assert one.store.load(OF, "entry", [("course/Z",)])["course/Z",].title == "new again"


def test_a_refused_document_leaves_the_position_where_it_was(one: Shelved) -> None:
    """Nothing is acknowledged that is not written: here a kind that is too long for the index."""
    long = entry(50) | {("x",): Entry("x", "x" * 40_000, "x", None, None, "x", "", False, 50)}
    with pytest.raises(Refused, match="1 documents were refused"):
        one.store.apply(OF, len(FURNISHED), Changes(50, {"entry": long}))
    assert [state.position for state in one.store.states()] == [len(FURNISHED)]


def test_a_batch_of_several_bulks_is_written_whole_or_not_acknowledged(one: Shelved) -> None:
    """Bulks are under way at once: a fault in any is the batch's, and it can be written again."""
    ids = [f"course/{n}" for n in range(3 * BULK_DOCUMENTS_MAX)]
    many = {(id_,): Entry(id_, "course", id_, None, None, "t", "", False, 50) for id_ in ids}
    for wrong in (ids[0], ids[-1]):
        kind = "x" * 40_000
        bad = {**many, (wrong,): Entry(wrong, kind, wrong, None, None, "t", "", False, 50)}
        with pytest.raises(Refused, match="1 documents were refused"):
            one.store.apply(OF, len(FURNISHED), Changes(50, {"entry": bad}))
        assert [state.position for state in one.store.states()] == [len(FURNISHED)]
    one.store.apply(OF, len(FURNISHED), Changes(50, {"entry": many}))
    assert one.store.load(OF, "entry", [(id_,) for id_ in ids]) == many
    assert [state.position for state in one.store.states()] == [50]


def test_an_index_that_is_gone_is_not_made_up(one: Shelved, client: Client) -> None:
    """An empty one would look as if all were well; a rebuild makes it anew."""
    before = checksum(client, alias_name(one.cluster, SEARCH.name))
    client.indices.delete(index=index(one))
    with pytest.raises(Refused, match="index_not_found"):
        one.store.apply(OF, len(FURNISHED), Changes(50, {"entry": entry(50)}))
    with pytest.raises(StoreUnavailable):
        one.search("anything")
    assert not client.indices.exists(index=index(one))
    assert rebuilt(one, client) == before


def test_what_an_interrupted_attempt_left_is_replaced(one: Shelved, client: Client) -> None:
    """A number that was taken back with its transaction may come again."""
    client.index(index=index(one), id="course/OLD", document={"entry": "OLD"}, refresh=True)
    one.store.create(SEARCH, "epoch")
    with one.store.transaction() as connection:
        one.shelf.make(connection, Generation(SEARCH, 2), False)
    assert client.count(index=index(one, 2))["count"] == 0


def test_the_alias_means_the_live_index(one: Shelved, client: Client) -> None:
    """Before and after a rebuild; the old index goes."""
    alias = f"{one.cluster}-search"
    assert list(client.indices.get_alias(name=alias)) == [index(one)]
    one.rebuild()
    assert list(client.indices.get_alias(name=alias)) == [index(one, 2)]
    assert list(client.indices.get(index=f"{one.cluster}-*")) == [index(one, 2)]


def test_while_elasticsearch_is_away_nothing_moves_and_everybody_is_told_soon(
    one: Shelved, client: Client, elasticsearch: Elasticsearch
) -> None:
    """When it is back all goes on, and everything is as a rebuild would have it."""
    elasticsearch.kill()
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            one.search("anything")
        with pytest.raises(StoreUnavailable):
            one.store.apply(OF, len(FURNISHED), Changes(50, {"entry": entry(50)}))
        with pytest.raises(StoreUnavailable):
            one.store.create(SEARCH, "epoch")
        assert time.monotonic() - began < AWAY_SECONDS_MAX
        assert [(s.generation, s.position) for s in one.store.states()] == [(1, len(FURNISHED))]
    finally:
        elasticsearch.start()
    one.add(*LATER)
    assert one.found("back again") == ["v1"]
    assert checksum(client, alias_name(one.cluster, SEARCH.name)) == rebuilt(one, client)


def test_who_searches_while_elasticsearch_is_slow_is_told_so(
    one: Shelved, elasticsearch: Elasticsearch
) -> None:
    """Within a bound, by an error: never by a part of what there is."""
    assert elasticsearch.pid is not None
    os.kill(elasticsearch.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            one.search("essay")
        assert time.monotonic() - began < AWAY_SECONDS_MAX
    finally:
        os.kill(elasticsearch.pid, signal.SIGCONT)
    assert set(one.found("essay")) == {"a1", "GEO"}


def test_an_engine_without_room_is_busy_and_what_it_never_takes_is_refused(
    one: Shelved, client: Client
) -> None:
    """Both are answers to a part of what was asked, which is answered whole or not at all."""
    client.cluster.put_settings(persistent={"indices.breaker.request.limit": "1b"})
    try:
        with pytest.raises(StoreUnavailable, match="busy"):
            one.search("essay")
    finally:
        client.cluster.put_settings(persistent={"indices.breaker.request.limit": None})
    assert set(one.found("essay")) == {"a1", "GEO"}
    with pytest.raises(Refused, match="Result window"):
        one.search("essay", offset=2 * RESULTS_RANKED_MAX)
