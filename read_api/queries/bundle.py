"""What is handed to somebody who wants one learner's history with its proofs?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC
from typing import Any, NamedTuple

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.evidence import bundles
from domain.evidence.bundles import Telling, Told
from domain.evidence.exports import Entry, header, line
from domain.kernel import Envelope, Personal
from read_api.answers import Incomplete, earliest
from read_api.asof import POSITIONS_READ_MAX, run_of
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound, NotYet, PutAside
from read_api.ports.evidence import Leaf, Seal
from read_api.queries.catalogue import titles
from read_api.queries.evidence import proofs
from read_api.sentences.sentence import sentence

BUNDLE_FACTS_MAX = 10_000
"""A bundle is made in memory: each fact takes 2.5 kB of the file, and 20 kB while it is made."""
SEAL_POLL_SECONDS = 0.1


class Bundle(NamedTuple):
    """A zip file that proves itself (domain.evidence.bundles), and how many facts the tree had."""

    archive: bytes
    size: int


async def bundle(
    deps: ReadDependencies, asking: Principal, subject: str, *, min_position: int = 0
) -> Bundle:
    """Return all that is sealed about a learner, with its proofs.

    Raises NotFound, NotYet where ``min_position`` is not sealed within the bound, PutAside where
    facts would be missing, and BadParameter where there is more than BUNDLE_FACTS_MAX.
    """
    seal = await _sealed(deps, min_position)
    facts = await _facts(deps, asking, subject, seal.size)
    return Bundle(await proven(deps, asking, subject, seal, facts), seal.size)


async def proven(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    seal: Seal,
    facts: Sequence[Envelope],
) -> bytes:
    """Return the zip file of these facts of a learner, which are sealed."""
    leaves: list[Leaf] = []
    for start in range(0, len(facts), POSITIONS_READ_MAX):
        some = facts[start : start + POSITIONS_READ_MAX]
        leaves += await deps.evidence.leaves(asking.tenant, [fact.position for fact in some])
    entries = await proofs(deps, leaves, seal.size)
    telling = await _telling(deps, asking, subject, facts)
    return await asyncio.to_thread(_packed, asking.tenant, subject, seal, entries, telling)


async def _facts(
    deps: ReadDependencies, asking: Principal, subject: str, size: int
) -> list[Envelope]:
    """Return a learner's facts among the first ``size`` of the log, all of them or none."""
    async with deps.snapshot(
        asking.tenant, "history", min_position=size, subject=subject
    ) as snapshot:
        rows = await snapshot.rows(
            """select position from views.history
               where subject = %(subject)s and position <= %(size)s
               order by position limit %(most)s""",
            subject=subject,
            size=size,
            most=BUNDLE_FACTS_MAX + 1,
        )
    aside = earliest(snapshot.parked, history=(subject,))
    if isinstance(aside, Incomplete):
        raise PutAside(subject, aside.since)
    if len(rows) > BUNDLE_FACTS_MAX:
        why = f"has more than {BUNDLE_FACTS_MAX:,} facts; registrar log export takes any number"
        raise BadParameter("subject", why)
    positions = [row["position"] for row in rows]
    facts: list[Envelope] = []
    for start in range(0, len(positions), POSITIONS_READ_MAX):
        facts += await deps.log.at(asking.tenant, positions[start : start + POSITIONS_READ_MAX])
    own = [fact for fact in facts if fact.tenant == asking.tenant]
    if not own:
        raise NotFound("learner of whom anything is sealed:", subject)
    return own


async def _sealed(deps: ReadDependencies, position: int) -> Seal:
    clock = asyncio.get_running_loop().time
    deadline = clock() + deps.wait_seconds
    while True:
        seal = await deps.evidence.seal()
        if seal is not None and seal.size >= position:
            return seal
        if clock() >= deadline or (seal is None and position == 0):
            break
        await asyncio.sleep(SEAL_POLL_SECONDS)
    if position == 0:
        raise NotFound("checkpoint:", "the log is not sealed")
    raise NotYet(position, 0 if seal is None else seal.size)


async def _telling(
    deps: ReadDependencies, asking: Principal, subject: str, facts: Sequence[Envelope]
) -> Telling:
    names = await titles(deps, asking, sorted({run for fact in facts if (run := run_of(fact))}))
    values = await opened(deps, asking, subject, facts)
    made_at = deps.clock().astimezone(UTC).isoformat().replace("+00:00", "Z")
    told = [Told(fact.position, sentence(fact, names), values.get(fact.id, {})) for fact in facts]
    return Telling(made_at, told)


async def opened(
    deps: ReadDependencies, asking: Principal, subject: str, facts: Sequence[Envelope]
) -> dict[str, dict[str, str]]:
    """Return the values of personal fields, by fact and name, that the asker may and can read."""
    sealed = [
        (fact.id, name, value.sealed)
        for fact in facts
        for name, value in msgspec.structs.asdict(fact.fact).items()
        if isinstance(value, Personal)
        and value.sealed is not None
        and may(asking, Permission.READ_PERSONAL, run_of(fact), subject)
    ]
    if not sealed:
        return {}
    found: dict[str, dict[str, str]] = {}
    plain = await deps.opener.open(asking.tenant, subject, sealed)
    for (fact_id, name, _), value in zip(sealed, plain, strict=True):
        if value is not None:
            found.setdefault(fact_id, {})[name] = _text(value)
    return found


def _text(value: bytes) -> str:
    said: Any = msgspec.json.decode(value)
    return said if isinstance(said, str) else value.decode()


def _packed(
    tenant: str, subject: str, seal: Seal, proven: Sequence[Entry], telling: Telling
) -> bytes:
    head = header(tenant, subject, len(proven), seal.keys, seal.note)
    lines = [line(head), *(line(one) for one in proven)]
    return bundles.bundle(b"".join(lines), telling)
