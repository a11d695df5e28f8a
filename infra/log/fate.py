"""What came of a batch whose reply was lost?"""

from __future__ import annotations

from collections.abc import Sequence

from commands.ports import Appended
from infra.log import encoding
from infra.log.pending import Pending
from infra.log.wire import Backend, Call, Wire, WireLost

TERMINATE_MS_MAX = 4_000

STATEMENTS = {
    "end_backend(int, text, int)": "select pg_terminate_backend(pid, $3) from pg_stat_activity"
    " where pid = $1 and backend_start::text = $2",
    "find_facts(text[], int[])": "select w.n, f.position, f.recorded_at, f.body"
    " from unnest($1, $2) with ordinality w(stream, version, n)"
    " join log.facts f on f.stream = w.stream and f.version = w.version",
}


async def learn(wire: Wire, lost: Backend, requests: Sequence[Pending]) -> list[Appended | None]:
    """Return, per request, where it was recorded, or None: it was not, and never will be.

    The old session is ended first, so that what it had not begun it cannot begin any more; then
    the stored bodies are compared, for each holds an id that nobody else's has. Raises WireLost
    where this cannot be learned now.
    """
    ended = await wire.run(
        Call(
            "end_backend",
            (encoding.int4(lost.pid), lost.started.encode(), encoding.int4(TERMINATE_MS_MAX)),
        )
    )
    if ended[0].ntuples and ended[0].get_value(0, 0) != b"\x01":
        raise WireLost("the session that was lost does not end")
    firsts = [pending.request.facts[0] for pending in requests]
    rows = (
        await wire.run(
            Call(
                "find_facts",
                (
                    encoding.text_array([fact.stream for fact in firsts]),
                    encoding.int4_array([fact.version for fact in firsts]),
                ),
            )
        )
    )[0]
    found: list[Appended | None] = [None] * len(requests)
    for row in range(rows.ntuples):
        number = encoding.int_of(rows.get_value(row, 0)) - 1
        if rows.get_value(row, 3) == firsts[number].body:
            found[number] = Appended(
                encoding.int_of(rows.get_value(row, 1)), encoding.moment_of(rows.get_value(row, 2))
            )
    return found
