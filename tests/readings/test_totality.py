"""Do folds take any history, and do sums stay what a recount gives?"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel import Fact
from infra.stores.memory import MemoryStore
from projections.batch import Folding
from projections.ports import Generation
from projections.reading import Reading
from projections.register import READINGS
from tests.readings.histories import histories
from tests.readings.recorded import Recorded, filled, kept_up

History = list[tuple[str, Fact]]


def fold(reading: Reading, log: Recorded) -> Folding:
    """Return the reading after the facts at hand, with nothing written."""
    folding = Folding(reading, lambda _kind, _keys: {}, [], complete=True)
    folding.take(log.envelopes)
    return folding


class _Rows(dict[Any, list[Any]]):
    def __init__(self, amounts: int) -> None:
        super().__init__()
        self.amounts = amounts

    def __missing__(self, key: Any) -> list[Any]:
        return [0] * self.amounts


def recount(reading: Reading, store: MemoryStore) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Return what the tallies must be, from the documents as they stand."""
    sums: dict[str, dict[Any, list[Any]]] = {}
    for tally in reading.tallies:
        rows = sums[tally.name] = _Rows(len(tally.amounts))
        for kind, measure in tally.measures.items():
            for document in store.rows(Generation(reading, 1), kind):
                for key, amounts in measure(document).items():
                    at = ("main", *key)
                    rows[at] = [a + b for a, b in zip(rows[at], amounts, strict=True)]
    return {name: _counted(rows) for name, rows in sums.items()}


def _counted(rows: dict[Any, Any]) -> dict[Any, tuple[Any, ...]]:
    return {key: tuple(row) for key, row in rows.items() if any(row)}


@given(histories, st.data())
@settings(deadline=None)
def test_every_fold_takes_any_subsequence_in_any_order(
    history: History, data: st.DataObject
) -> None:
    """Nothing fails, whatever is missing and in whatever order streams came: nothing is parked."""
    some = data.draw(st.lists(st.sampled_from(history), unique_by=id) if history else st.just([]))
    log = filled(some)
    for reading in READINGS:
        folding = fold(reading, log)
        folding.changes(len(log.rows))
        assert folding.parked == []


@given(histories, st.integers(1, 7))
@settings(deadline=None)
def test_sums_equal_a_recount_however_the_log_is_paged(history: History, page: int) -> None:
    """Regrades, withdrawals and corrected outcomes correct every sum exactly."""
    store = MemoryStore()
    log = filled(history)
    runner = kept_up(log, store, page_facts=page)
    runner.stop()
    for reading in READINGS:
        expected = recount(reading, store)
        of = Generation(reading, 1)
        kept = {tally.name: _counted(store.sums(of, tally.name)) for tally in reading.tallies}
        assert kept == expected
        assert not any(
            isinstance(amount, float)
            for rows in kept.values()
            for row in rows.values()
            for amount in row
        )


@given(histories, st.integers(1, 7))
@settings(deadline=None)
def test_documents_do_not_depend_on_how_the_log_is_paged(history: History, page: int) -> None:
    """One page or many: the same rows."""
    log = filled(history)
    one, many = MemoryStore(), MemoryStore()
    kept_up(log, one).stop()
    kept_up(log, many, page_facts=page).stop()
    for reading in READINGS:
        of = Generation(reading, 1)
        for documents in reading.documents:
            assert one.rows(of, documents.name) == many.rows(of, documents.name)
