"""What is it that keeps facts from being lost or counted twice? And what if one cannot be taken?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from infra.stores.postgres import PostgresStore
from infra.supervisor.child import Child
from projections.partitions import partition_of
from projections.ports import Generation
from tests.cluster import odd
from tests.cluster.conftest import PARTITIONS
from tests.cluster.kept import back, hit
from tests.cluster.small import Small
from tests.relay.load import Load, record
from tests.server import eventually

LIVE_SECONDS_MAX = 40.0
FACTS = 500
MORTAL, KINDS = ("dying", "hasty"), ("dying", "hasty", "believing")


def live_again(workers: Sequence[Child]) -> None:
    """Wait until each has died once more and lives again."""
    before = [one.restarts for one in workers]
    for one, restarts in zip(workers, before, strict=True):
        eventually(
            lambda one=one, was=restarts: one.restarts > was,  # type: ignore[misc]
            LIVE_SECONDS_MAX,
            f"{one.name} dies: {one.state} {one.doing}",
        )


def test_to_write_first_and_to_look_at_positions_is_what_it_takes(small: Small) -> None:
    """Workers die again and again, each right after a commit, and once the relay sends everything
    again. Ours comes to the very sums of a reading from nothing; the one that acknowledges before
    it writes has lost facts; the one that looks at no position has counted some twice."""
    mortal = small.begin(*MORTAL, mortal=True)
    small.begin("believing")
    with Load(small.dsn):
        live_again(mortal)
        restarts = hit(small.relay)
        small.send_again()
        back(small.relay, restarts)
        small.sent()
        live_again(mortal)
    for kind, worker in zip(MORTAL, mortal, strict=True):
        small.swap(worker, kind)
    for kind in KINDS:
        small.reached(kind)
    small.rebuild()
    assert small.sums("dying") == small.sums("anew")
    enrolments = {kind: small.enrolments(kind) for kind in KINDS}
    assert enrolments["hasty"] < enrolments["dying"] < enrolments["believing"]


def test_a_poison_fact_is_put_aside_while_all_others_go_on(small: Small) -> None:
    """The very first fact of the log, and of its partition, is one, and so is one in the middle.
    Those of the same learners wait with them; when the code is mended they are taken in again, and
    nothing tells that there was anything."""
    assert len({partition_of(one, PARTITIONS) for one in odd.POISONED}) > 1
    record(small.dsn, FACTS)
    (worker,) = small.begin("failing")
    small.reached("poisoned")
    assert worker.restarts == 0
    with closing(PostgresStore(small.dsn)) as store:
        aside = store.parked(Generation(odd.reading("failing"), 1))
        (status,) = store.status()
    assert {one.key[2] for one in aside} == odd.POISONED
    assert min(one.position for one in aside) == 1
    assert (status.parked, status.lag_positions) == (len(aside), 0)
    small.swap(worker, "mended")
    said = small.retry(odd.reading("mended"))
    assert said == f"{len(aside)} of {len(aside)} facts put aside were taken in"
    small.rebuild()
    assert small.sums("poisoned") == small.sums("anew")
