"""How is a batch put to the server, and what does its answer say came of each request?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import pq

from commands.ports import Appended, Lost, Outcome, Repeated
from infra.log import encoding
from infra.log.batch import Batch
from infra.log.known import KnownVersions
from infra.log.wire import Call

_ONE_TYPES = "text, bytea, int, text, int, text, text, text, bytea, bool"
_ALL_TYPES = (
    "text[], bytea[], int[], int[], int[], text[], int[], text[], int[], int[], text[], int[],"
    " int[], int[], int[], text[], int[], text[], text[], text[], bytea[]"
)


def _statement(function: str, types: str) -> str:
    parameters = ", ".join(f"${number}" for number, _ in enumerate(types.split(","), 1))
    return f"{function}({parameters})"


STATEMENTS = {
    # One record instead of two columns: the server need not make a table of the function first.
    f"append_one({_ONE_TYPES})": f"select {_statement('log.append_one', _ONE_TYPES)}",
    f"append_all({_ALL_TYPES})": f"select * from {_statement('log.append', _ALL_TYPES)}",  # noqa: S608  # constants only
}


def call(batch: Batch, known: KnownVersions) -> Call:
    """Return the call that records a batch: scalar for a single fact, else by arrays."""
    if len(batch.requests) == 1 and batch.facts == 1 and not batch.reads:
        return _call_one(batch, known)
    return call_all(batch, known)


def _call_one(batch: Batch, known: KnownVersions) -> Call:
    fact = batch.requests[0].request.facts[0]
    key = batch.requests[0].request.key
    return Call(
        "append_one",
        (
            None if key is None else key.key.encode(),
            None if key is None else key.body_hash,
            None if key is None or key.keep_days is None else encoding.int4(key.keep_days),
            fact.stream.encode(),
            encoding.int4(fact.version),
            fact.type.encode(),
            fact.tenant.encode(),
            None if fact.subject is None else fact.subject.encode(),
            fact.body,
            b"\1" if known.reached(fact.stream, fact.version - 1) else b"\0",
        ),
    )


def call_all(batch: Batch, known: KnownVersions) -> Call:
    """Return the call by arrays, which tells losers apart."""
    requests, ints, texts = batch.requests, encoding.int4_array, encoding.text_array
    facts = [(n, f.version) for n, p in enumerate(requests, 1) for f in p.request.facts]
    count = len(facts)
    reached = known.reached
    doubted = [(stream, v) for _, stream, v in batch.writes if not reached(stream, v)]

    streams, types, tenants, subjects, bodies = zip(*[p.encoded() for p in requests], strict=True)

    def column(oid: int, elements: Sequence[bytes]) -> bytes:
        return encoding.array(oid, count, b"".join(elements))

    return Call(
        "append_all",
        (
            *_key_columns(batch),
            ints([len(p.request.facts) for p in requests]),
            ints([number for number, _, _ in batch.writes]),
            texts([stream for _, stream, _ in batch.writes]),
            ints([version for _, _, version in batch.writes]),
            texts([stream for stream, _ in doubted]),
            ints([version for _, version in doubted]),
            ints([number for number, _, _ in batch.reads]),
            texts([stream for _, stream, _ in batch.reads]),
            ints([version for _, _, version in batch.reads]),
            ints([number for number, _ in batch.ties]),
            ints([on for _, on in batch.ties]),
            ints([number for number, _ in facts]),
            column(encoding.TEXT, streams),
            ints([version for _, version in facts]),
            column(encoding.TEXT, types),
            column(encoding.TEXT, tenants),
            column(encoding.TEXT, subjects),
            column(encoding.BYTEA, bodies),
        ),
    )


def _key_columns(batch: Batch) -> tuple[bytes, bytes, bytes]:
    keys = [p.request.key for p in batch.requests] if batch.keys else []
    return (
        encoding.text_array([key and key.key for key in keys]),
        encoding.array(
            encoding.BYTEA,
            len(keys),
            b"".join([encoding.element(key and key.body_hash) for key in keys]),
        ),
        encoding.array(
            encoding.INT4,
            len(keys),
            b"".join(
                [
                    encoding.NULL
                    if key is None or key.keep_days is None
                    else encoding.element(encoding.int4(key.keep_days))
                    for key in keys
                ]
            ),
        ),
    )


def outcomes(batch: Batch, known: KnownVersions, result: pq.abc.PGresult) -> list[Outcome]:
    """Read the server's answer to ``call`` or ``call_all``, one outcome a request; what was
    appended is ``known`` from then on."""
    found = _outcomes(batch, result)
    for pending, outcome in zip(batch.requests, found, strict=True):
        if isinstance(outcome, Appended):
            known.saw(pending.last)
    return found


def _outcomes(batch: Batch, result: pq.abc.PGresult) -> list[Outcome]:
    if result.nfields == 1:
        return [Appended(*encoding.position_and_moment_of(result.get_value(0, 0)))]
    base = encoding.int_of(result.get_value(0, 0))
    at = encoding.moment_of(result.get_value(0, 1))
    states = result.get_value(0, 2)
    if states is None:
        return _all_appended(batch, base + 1, at)
    lost: dict[int, list[str]] = {}
    for number, stream in zip(
        encoding.ints_of(result.get_value(0, 3)),
        encoding.elements_of(result.get_value(0, 4)),
        strict=True,
    ):
        lost.setdefault(number, []).append((stream or b"").decode())
    repeated = {
        number: Repeated(position, count, body_hash or b"")
        for number, position, count, body_hash in zip(
            encoding.ints_of(result.get_value(0, 5)),
            encoding.ints_of(result.get_value(0, 6)),
            encoding.ints_of(result.get_value(0, 7)),
            encoding.elements_of(result.get_value(0, 8)),
            strict=True,
        )
    }
    found: list[Outcome] = []
    for number, state in enumerate(encoding.ints_of(states), 1):
        if state > 0:
            found.append(Appended(state, at))
        elif number in repeated:
            found.append(repeated[number])
        else:
            found.append(Lost(tuple(lost.get(number, ()))))
    return found


def _all_appended(batch: Batch, position: int, at: datetime) -> list[Outcome]:
    found: list[Outcome] = []
    for pending in batch.requests:
        found.append(Appended(position, at))
        position += len(pending.request.facts)
    return found
