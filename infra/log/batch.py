"""Which requests may share one call, how do they rest on each other, and what came of each?

The order of a batch is the order of submission, as if one were recorded after the other. What a
request expects of a stream that an earlier one in the batch writes is settled here and becomes a
tie between the two; everything else is asked of the server.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from datetime import datetime

from psycopg import pq

from commands.ports import Appended, Lost, Outcome, Repeated
from infra.log import encoding
from infra.log.known import KnownVersions
from infra.log.pending import Pending
from infra.log.wire import Call

BATCH_REQUESTS_MAX = 512
BATCH_FACTS_MAX = 4_096
BATCH_BYTES_MAX = 8 * 1024 * 1024

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


class Batch:
    """Requests that go to the server in one call."""

    def __init__(self, known: KnownVersions) -> None:
        self._known = known
        self.requests: list[Pending] = []
        self.facts = 0
        self.size = 0
        self.contradicted: tuple[str, ...] = ()
        """The stream on which the last request that was not taken in contradicts the batch."""
        self._written: dict[str, tuple[int, int]] = {}
        self._keys: set[str] = set()
        self._numbers: dict[Future[Outcome], int] = {}
        self._writes: list[tuple[int, str, int]] = []
        self._reads: list[tuple[int, str, int]] = []
        self._ties: list[tuple[int, int]] = []

    @property
    def full(self) -> bool:
        """Whether nothing more should go in."""
        return (
            len(self.requests) >= BATCH_REQUESTS_MAX
            or self.facts >= BATCH_FACTS_MAX
            or self.size >= BATCH_BYTES_MAX
        )

    def add(self, pending: Pending) -> bool:
        """Take a request in; False: it has to wait for what is in the batch, or before it."""
        self.contradicted = ()
        number = len(self.requests) + 1
        key = pending.request.key
        if key is not None and key.key in self._keys:
            return False
        ties: set[int] = set()
        for future in pending.after:
            if not future.done():
                on = self._numbers.get(future)
                if on is None:
                    return False
                ties.add(on)
        writes = self._resting(number, pending.writes, ties)
        if writes is None:
            return False
        conditions = pending.request.conditions
        if conditions:
            reads = self._resting(number, conditions, ties)
            if reads is None:
                return False
            self._reads += reads
        self._writes += writes
        if ties:
            self._ties += [(number, on) for on in sorted(ties)]
        for stream, version in pending.last.items():
            self._written[stream] = (version, number)
        if key is not None:
            self._keys.add(key.key)
        self._numbers[pending.future] = number
        self.requests.append(pending)
        self.facts += len(pending.request.facts)
        self.size += pending.size
        return True

    def _resting(
        self, number: int, expected: Sequence[tuple[str, int]], ties: set[int]
    ) -> list[tuple[int, str, int]] | None:
        """Tie to earlier requests what rests on them; return the rest. None: they contradict."""
        rest = []
        for stream, version in expected:
            earlier = self._written.get(stream)
            if earlier is None:
                rest.append((number, stream, version))
            elif earlier[0] == version:
                ties.add(earlier[1])
            else:
                self.contradicted = (stream,)
                return None
        return rest

    def call(self) -> Call:
        """Return the call that records the batch: scalar for a single fact, else by arrays."""
        if len(self.requests) == 1 and self.facts == 1 and not self._reads:
            return self._call_one()
        return self.call_all()

    def _call_one(self) -> Call:
        fact = self.requests[0].request.facts[0]
        key = self.requests[0].request.key
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
                b"\1" if self._known.reached(fact.stream, fact.version - 1) else b"\0",
            ),
        )

    def call_all(self) -> Call:
        """Return the call by arrays, which tells losers apart."""
        requests, ints, texts = self.requests, encoding.int4_array, encoding.text_array
        facts = [(n, f.version) for n, p in enumerate(requests, 1) for f in p.request.facts]
        count = len(facts)
        reached = self._known.reached
        doubted = [(stream, v) for _, stream, v in self._writes if not reached(stream, v)]

        streams, types, tenants, subjects, bodies = zip(
            *[p.encoded() for p in requests], strict=True
        )

        def column(oid: int, elements: Sequence[bytes]) -> bytes:
            return encoding.array(oid, count, b"".join(elements))

        return Call(
            "append_all",
            (
                *self._key_columns(),
                ints([len(p.request.facts) for p in requests]),
                ints([number for number, _, _ in self._writes]),
                texts([stream for _, stream, _ in self._writes]),
                ints([version for _, _, version in self._writes]),
                texts([stream for stream, _ in doubted]),
                ints([version for _, version in doubted]),
                ints([number for number, _, _ in self._reads]),
                texts([stream for _, stream, _ in self._reads]),
                ints([version for _, _, version in self._reads]),
                ints([number for number, _ in self._ties]),
                ints([on for _, on in self._ties]),
                ints([number for number, _ in facts]),
                column(encoding.TEXT, streams),
                ints([version for _, version in facts]),
                column(encoding.TEXT, types),
                column(encoding.TEXT, tenants),
                column(encoding.TEXT, subjects),
                column(encoding.BYTEA, bodies),
            ),
        )

    def _key_columns(self) -> tuple[bytes, bytes, bytes]:
        keys = [p.request.key for p in self.requests] if self._keys else []
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

    def outcomes(self, result: pq.abc.PGresult) -> list[Outcome]:
        """Read the server's answer to ``call`` or ``call_all``, one outcome a request."""
        found = self._outcomes(result)
        for pending, outcome in zip(self.requests, found, strict=True):
            if isinstance(outcome, Appended):
                self._known.saw(pending.last)
        return found

    def _outcomes(self, result: pq.abc.PGresult) -> list[Outcome]:
        if result.nfields == 1:
            return [Appended(*encoding.position_and_moment_of(result.get_value(0, 0)))]
        base = encoding.int_of(result.get_value(0, 0))
        at = encoding.moment_of(result.get_value(0, 1))
        states = result.get_value(0, 2)
        if states is None:
            return self._all_appended(base + 1, at)
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

    def _all_appended(self, position: int, at: datetime) -> list[Outcome]:
        found: list[Outcome] = []
        for pending in self.requests:
            found.append(Appended(position, at))
            position += len(pending.request.facts)
        return found
