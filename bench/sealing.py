"""What does it cost to seal the log, and how soon and how long is a proof?

Appends are measured with the sealer running in a process of its own, as the product has it, and
without, in alternating rounds. Proofs are taken from a tree as large as that of a large log, out of
the tiles in PostgreSQL.
"""

from __future__ import annotations

import io
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median, quantiles

import psycopg

from bench.append import rate
from bench.report import Report
from bench.rig import BODY, run, server
from bench.university import load
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.exports import Header, entry, line
from domain.evidence.tiles import Frontier, span_hashes, tiles_for
from domain.evidence.tree import HASH_BYTES, consistency_spans, inclusion_spans, leaf_hash
from domain.evidence.verifying import verify
from infra.evidence.keys import Keys, check, new_key
from infra.evidence.leaves import PostgresLeaves
from infra.evidence.sealing import Sealing, sealer
from infra.evidence.seals import PostgresSeals
from streams.sealer import Sealer
from streams.seals import Kept, Signing

WRITERS = 64
ROUNDS, ROUND_SECONDS = 40, 2.5
"""So many, and compared as a whole, because two rounds on a machine that others use differ by a
fifth for no reason: of 40, the median ratio was 0.96 and 0.99, that of the sums 0.976 twice."""
QUICK_ROUNDS, QUICK_ROUND_SECONDS = 3, 1.5
WARM_SECONDS = 1.0
"""Before a round counts: so long there is not yet a page to seal."""
SEALED_FACTS, QUICK_SEALED_FACTS = 300_000, 50_000
TREE_FACTS, QUICK_TREE_FACTS = 10_000_000, 1_000_000
VERIFIED_FACTS, QUICK_VERIFIED_FACTS = 1_000_000, 100_000
PROOFS = 2_000
TREE_PAGE = 100_000
APPEND_RATIO_MIN = 0.97
PROOF_MS_MAX = 1.0
KEY = new_key("bench")
SIGNING = Signing("bench", Keys([KEY], [KEY.public]).signed, [KEY.public], check)


def measure(*, quick: bool) -> Report:
    """Run everything and report medians."""
    with server() as postgres:
        ratio, figures = _appends(postgres.dsn, quick=quick)
    with server() as postgres:
        figures |= _sealed(postgres.dsn, QUICK_SEALED_FACTS if quick else SEALED_FACTS)
    with server() as postgres:
        figures |= _proofs(postgres.dsn, QUICK_TREE_FACTS if quick else TREE_FACTS)
    figures |= _verified(QUICK_VERIFIED_FACTS if quick else VERIFIED_FACTS)
    return Report(
        "sealing",
        {"append_sealing_on_to_off": ratio},
        {"append_sealing_on_to_off": APPEND_RATIO_MIN},
        figures,
        {"inclusion_ms_median": PROOF_MS_MAX},
    )


def _appends(dsn: str, *, quick: bool) -> tuple[float, dict[str, float]]:
    """The rates of 64 writers in one process, beside a sealer and alone."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_ROUND_SECONDS) if quick else (ROUNDS, ROUND_SECONDS)
    on, off, behind = [], [], []
    for number in range(rounds):
        for sealing in (number % 2 == 0, number % 2 == 1):
            if sealing:
                with _sealing(dsn):
                    run(rate(dsn, WRITERS, WARM_SECONDS))
                    on.append(run(rate(dsn, WRITERS, seconds)))
                    behind.append(_behind(dsn))
            else:
                _catch_up(dsn)
                off.append(run(rate(dsn, WRITERS, seconds)))
    return sum(on) / sum(off), {
        "appends_sealing_on_per_s": median(on),
        "appends_sealing_off_per_s": median(off),
        "facts_not_sealed_at_the_end": median(behind),
    }


@contextmanager
def _sealing(dsn: str) -> Iterator[None]:
    """Seal in a process of its own, with nothing left over from the round before."""
    _catch_up(dsn)
    spawn = multiprocessing.get_context("spawn")
    ready, stop = spawn.Event(), spawn.Event()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "log.key").touch(0o600)
        (Path(folder) / "log.key").write_text(f"{KEY}\n")
        how = Sealing("bench", str(Path(folder) / "log.key"), False, None)
        child = spawn.Process(target=_seal, args=(dsn, how, ready, stop))
        child.start()
        try:
            ready.wait()
            yield
        finally:
            stop.set()
            child.join()


def _behind(dsn: str) -> int:
    """How many facts are recorded and not sealed."""
    with psycopg.connect(dsn) as connection:
        (count,) = connection.execute(
            "select max(f.position) - (select size from evidence.sealed) from log.facts f"
        ).fetchone() or (0,)
    return int(count)


def _seal(dsn: str, how: Sealing, ready: Event, stop: Event) -> None:
    with sealer(dsn, how):
        ready.set()
        stop.wait()


def _catch_up(dsn: str) -> int:
    """Seal what is there; return how many facts are sealed."""
    with closing(PostgresLeaves(dsn)) as reader, closing(PostgresSeals(dsn)) as seals:
        one = Sealer(reader, seals, SIGNING)
        while one.step():
            pass
        return one.size


def _sealed(dsn: str, count: int) -> dict[str, float]:
    """The cost of sealing a log that is there, and of its leaves alone."""
    load(dsn, count)
    began = time.perf_counter()
    sealed = _catch_up(dsn)
    took = time.perf_counter() - began
    frontier = Frontier()
    began = time.perf_counter()
    for position in range(1, sealed + 1):
        frontier.append(leaf_hash(position, position, 1, BODY))
        frontier.full.clear()
    return {
        "sealing_us_per_fact": took / sealed * 1e6,
        "hashing_us_per_fact": (time.perf_counter() - began) / sealed * 1e6,
    }


def _proofs(dsn: str, size: int) -> dict[str, float]:
    """Inclusion and consistency proofs out of a large tree; the facts are not needed for them."""
    frontier = Frontier()
    with closing(PostgresSeals(dsn)) as seals:
        before: Kept | None = None
        while frontier.size < size:
            for number in range(frontier.size, min(size, frontier.size + TREE_PAGE)):
                frontier.append(sha256(number.to_bytes(8, "big")).digest())
            after = Kept("bench", frontier.size, b"")
            assert seals.write(before, after, "", frontier.full | frontier.partial())
            frontier.full.clear()
            before = after
        numbers = random.Random(1)  # noqa: S311  (the same ones every time)
        inclusions = [inclusion_spans(numbers.randrange(size), size) for _ in range(PROOFS)]
        growths = [consistency_spans(numbers.randrange(1, size), size) for _ in range(PROOFS)]
        times: dict[str, list[float]] = {"inclusion": [], "consistency": []}
        lengths: dict[str, int] = {"inclusion": 0, "consistency": 0}
        for kind, all_spans in (("inclusion", inclusions), ("consistency", growths)):
            for spans in all_spans:
                began = time.perf_counter()
                proof = span_hashes(spans, seals.tiles(tiles_for(spans)))
                times[kind].append((time.perf_counter() - began) * 1e3)
                lengths[kind] = max(lengths[kind], len(proof) * HASH_BYTES)
    return {
        "tree_facts": float(size),
        "inclusion_ms_median": median(times["inclusion"]),
        "inclusion_ms_p99": quantiles(times["inclusion"], n=100)[-1],
        "inclusion_bytes_max": float(lengths["inclusion"]),
        "consistency_ms_median": median(times["consistency"]),
        "consistency_bytes_max": float(lengths["consistency"]),
    }


def _verified(count: int) -> dict[str, float]:
    """How fast a file of the whole log is verified."""
    frontier = Frontier()
    out = io.BytesIO()
    for position in range(1, count + 1):
        frontier.append(leaf_hash(position, position, 1, BODY))
        frontier.full.clear()
        out.write(line(entry(position, position, 1, BODY)))
    note = SIGNING.sign(str(Checkpoint("bench", count, frontier.root(), "bench")))
    header = Header(
        format="registrar-log/1",
        subject=None,
        facts=count,
        keys=[str(KEY.public)],
        checkpoint=bytes(note).decode(),
    )
    out.seek(0)
    began = time.perf_counter()
    assert verify(iter([line(header), *out]), [KEY.public], check).facts == count
    took = time.perf_counter() - began
    return {"verified_facts": float(count), "verify_s_per_million": took / count * 1e6}
