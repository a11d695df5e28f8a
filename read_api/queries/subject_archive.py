"""What is in the file that a learner is given: everything that is kept about them?

Profile, consents and every fact as JSON, one a line; the same facts with their proofs, in bundles
that ``registrar verify`` checks; and pages to read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.access import Principal, Role
from domain.evidence.archive import unpacked
from domain.jobs import Job, JobFailed, Progress
from domain.kernel import Envelope
from projections.cloudevents import without_personal
from read_api.answers import Incomplete, earliest
from read_api.asof import run_of
from read_api.cursors import LIMIT_ROWS_MAX
from read_api.dependencies import ReadDependencies
from read_api.ports.evidence import Seal
from read_api.queries import bundle, consents, profiles, reads
from read_api.queries.catalogue import titles
from read_api.queries.zipping import Entry, Zipping
from read_api.sentences.sentence import sentence

FORMAT = "registrar-subject-access/1"
FACTS_A_PART = 1_000
"""Facts of one bundle: each takes 20 kB while it is made."""
FACTS_MAX = 500_000
RECORDS_MAX = 20
ACCESS_PAGES_MAX = 200
"""The latest 100,000 reads of a record are told."""
HISTORY = "history.html"
README = """\
All that the institution keeps about {subject}, made {made_at}.

manifest.json     what is in here, with the SHA-256 of each file
*/profile.json    who you are: name, addresses, preferences, goals
*/consents.json   what you agreed to
*/accesses.jsonl  who looked at your record, the latest first
*/record.jsonl    every fact about you, one a line, with a sentence, in the order recorded
*/history-*.html  the same, to read
*/evidence-*.zip  the same, with proofs: registrar verify checks them without anybody's help

There is a folder for each record of you. Facts that are not sealed yet, those of the last seconds,
are in record.jsonl and in no bundle.
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about the learner, personal fields opened."""

    position: int
    recorded_at: datetime
    occurred_at: datetime
    id: str
    type: str
    run: str | None
    stream: str
    actor: str
    sentence: str
    data: dict[str, Any]
    personal: dict[str, Any]


class Manifest(msgspec.Struct, frozen=True):
    """What is in the file."""

    format: str
    subject: str
    records: list[str]
    made_at: datetime
    facts: int
    sealed_through: int
    files: list[Entry]


class _Record(NamedTuple):
    asking: Principal
    positions: Sequence[int]


async def zipped(deps: ReadDependencies, job: Job) -> AsyncIterator[bytes | Progress]:
    """Yield the zip file piece by piece, and how far it is. Raises NotFound and JobFailed."""
    seal = await deps.evidence.seal()
    records = await _records(deps, job)
    total = sum(len(record.positions) for record in records)
    zipping, done = Zipping(), 0
    yield Progress(0, 2 * total)
    for record in records:
        name = record.asking.actor
        for file, document in (
            ("profile", await profiles.profile(deps, record.asking, name)),
            ("consents", await consents.consents(deps, record.asking, name)),
        ):
            text = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
            async for piece in zipping.add(f"{name}/{file}.json", _once(text)):
                yield piece
        async for piece in zipping.add(f"{name}/record.jsonl", _lines(deps, record)):
            yield piece
        async for piece in zipping.add(f"{name}/accesses.jsonl", _accesses(deps, record)):
            yield piece
        done += len(record.positions)
        yield Progress(done, 2 * total)
        async for told in _evidence(deps, zipping, record, seal):
            yield told if isinstance(told, bytes) else Progress(done + told, 2 * total)
        done += len(record.positions)
        yield Progress(done, 2 * total)  # what is not sealed yet is in no bundle
    manifest = Manifest(
        format=FORMAT,
        subject=job.about,
        records=[record.asking.actor for record in records],
        made_at=deps.clock(),
        facts=total,
        sealed_through=0 if seal is None else seal.size,
        files=zipping.entries[:],
    )
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    async for piece in zipping.add("manifest.json", _once(told)):
        yield piece
    readme = README.format(subject=job.about, made_at=manifest.made_at.isoformat()).encode()
    async for piece in zipping.add("README.txt", _once(readme)):
        yield piece
    yield zipping.closed()


async def _records(deps: ReadDependencies, job: Job) -> list[_Record]:
    """Return the record asked for and those merged into it, each asked for by the learner: what is
    sealed is opened for whom it is about, whoever asked. Raises NotFound and JobFailed."""
    own = Principal(job.about, job.tenant, job.kind, frozenset({Role.LEARNER}))
    merged = (await profiles.profile(deps, own, job.about)).merged
    found, left = [], FACTS_MAX
    for subject in (job.about, *merged[:RECORDS_MAX]):
        async with deps.snapshot(job.tenant, "history", subject=subject) as snapshot:
            rows = await snapshot.rows(
                """select position from views.history where subject = %(subject)s
                   order by position limit %(most)s""",
                subject=subject,
                most=left + 1,
            )
        if isinstance(earliest(snapshot.parked, history=(subject,)), Incomplete):
            raise JobFailed(f"Facts of {subject} are put aside; they are to be mended first.")
        left -= len(rows)
        if left < 0:
            raise JobFailed(f"There are more than {FACTS_MAX:,} facts; ask the institution.")
        asking = msgspec.structs.replace(own, actor=subject)
        found.append(_Record(asking, [row["position"] for row in rows]))
    return found


async def _lines(deps: ReadDependencies, record: _Record) -> AsyncIterator[bytes]:
    async for facts in _parts(deps, record, record.positions):
        runs = sorted({run for fact in facts if (run := run_of(fact))})
        names = await titles(deps, record.asking, runs)
        plain = await bundle.opened(deps, record.asking, record.asking.actor, facts)
        for fact in facts:
            line = Line(
                position=fact.position,
                recorded_at=fact.recorded_at,
                occurred_at=fact.occurred_at,
                id=fact.id,
                type=fact.type,
                run=run_of(fact),
                stream=fact.stream,
                actor=fact.actor,
                sentence=sentence(fact, names),
                data=msgspec.to_builtins(without_personal(fact.fact)),
                personal=plain.get(fact.id, {}),
            )
            yield msgspec.json.encode(line) + b"\n"


async def _accesses(deps: ReadDependencies, record: _Record) -> AsyncIterator[bytes]:
    after: str | None = None
    for _ in range(ACCESS_PAGES_MAX):
        page = await reads.access_log(
            deps, record.asking, subject=record.asking.actor, limit=LIMIT_ROWS_MAX, after=after
        )
        for one in page.reads:
            yield msgspec.json.encode(one) + b"\n"
        after = page.next
        if after is None:
            return


async def _evidence(
    deps: ReadDependencies, zipping: Zipping, record: _Record, seal: Seal | None
) -> AsyncIterator[bytes | int]:
    """Put the bundles of a record in; yield pieces, and how many facts are in."""
    if seal is None:
        return
    sealed = [position for position in record.positions if position <= seal.size]
    number = done = 0
    async for facts in _parts(deps, record, sealed):
        number, done = number + 1, done + len(facts)
        subject = record.asking.actor
        made = await bundle.proven(deps, record.asking, subject, seal, facts)
        page = dict(unpacked(made))[HISTORY]
        for name, text in ((f"evidence-{number}.zip", made), (f"history-{number}.html", page)):
            async for piece in zipping.add(f"{subject}/{name}", _once(text)):
                yield piece
        yield done


async def _parts(
    deps: ReadDependencies, record: _Record, positions: Sequence[int]
) -> AsyncIterator[list[Envelope]]:
    for start in range(0, len(positions), FACTS_A_PART):
        facts = await deps.log.at(record.asking.tenant, positions[start : start + FACTS_A_PART])
        yield [fact for fact in facts if fact.tenant == record.asking.tenant]


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text
