"""Whose grade, pass or certificate in a run would be another under another policy?

The learners' facts are replayed through the same decisions that would compute their grades, under
the policy in force and under the other one. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.access import Principal
from domain.catalogue.facts import GradingPolicy, LatePolicy
from domain.catalogue.state import RUN, RUN_CONTENT, Content, Run
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.what_if import Verdict, under, verdict
from domain.jobs import Job, JobFailed, Progress
from domain.kernel import Envelope, StreamKind, stream_ids
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound

KIND = "what-if"
MEDIA_TYPE = "application/x-ndjson"
LEARNERS_A_PAGE = 250
"""Replayed between two words of progress."""


class Policies(NamedTuple):
    """The other policy, and what late and missing work costs under it."""

    policy: GradingPolicy
    late: LatePolicy | None


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag="change", tag_field="kind"):
    """What a learner's record comes to under the policy in force, and under the other one."""

    subject: str
    before: Verdict
    after: Verdict


class Compared(msgspec.Struct, frozen=True, kw_only=True, tag="result", tag_field="kind"):
    """How many learners would have another grade, another pass state, another certificate; as of a
    position of the log."""

    run: str
    learners: int
    grades: int
    passes: int
    certificates: int
    position: int


Told = Progress | Changed | Compared


async def require(
    deps: ReadDependencies, asking: Principal, run: str, body: bytes, min_position: int
) -> None:
    """Raise what would be in the way of the job: NotFound, NotYet, or BadParameter."""
    deps.read_policy(body)
    await deps.reached("progress", "catalogue", position=min_position)
    await _read_run(deps, asking, run, (await deps.log.head()).position)


async def work(deps: ReadDependencies, job: Job) -> AsyncIterator[bytes | Progress]:
    """Do the job: a line of JSON for each learner whose record would change, and the sums at
    last."""
    other = Policies(*deps.read_policy(job.request))
    try:
        async for told in what_if(deps, job.asked_by, job.about, other):
            yield told if isinstance(told, Progress) else msgspec.json.encode(told) + b"\n"
    except NotFound as error:
        raise JobFailed(str(error)) from error


async def what_if(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    other: Policies,
) -> AsyncIterator[Told]:
    """Yield whose grade, pass or certificate would change, with progress, and the sums at last.

    Raises NotFound before anything is yielded.
    """
    async with deps.snapshot(asking.tenant, "progress", "catalogue") as snapshot:
        rows = await snapshot.rows(
            "select subject from views.enrolments where run = %(run)s order by subject", run=run
        )
        position = snapshot.position
    known, content = await _read_run(deps, asking, run, position)
    others = under(known, other.policy, other.late)
    subjects = [row["subject"] for row in rows]
    changed: list[Changed] = []
    yield Progress(0, len(subjects))
    comparing = _Comparing(run, known, others, content, deps.clock(), position)
    done = 0
    async with aclosing(_pages(deps, asking, run, subjects)) as pages:
        async for facts in pages:
            found = await asyncio.to_thread(comparing.changes, facts)
            for change in found:
                yield change
            changed += found
            done = min(done + LEARNERS_A_PAGE, len(subjects))
            yield Progress(done, len(subjects))
    yield _sums(run, len(subjects), changed, position)


async def _pages(
    deps: ReadDependencies, asking: Principal, run: str, subjects: Sequence[str]
) -> AsyncGenerator[Sequence[Envelope]]:
    """Yield the facts of one page of learners after the other; the next is read meanwhile."""

    def read(first: int) -> asyncio.Task[Sequence[Envelope]]:
        page = subjects[first : first + LEARNERS_A_PAGE]
        names = [ENROLMENT.of(asking.tenant, run, subject).name for subject in page]
        return asyncio.create_task(_read(deps, asking.tenant, names))

    coming = read(0)
    try:
        for first in range(0, len(subjects), LEARNERS_A_PAGE):
            facts = await coming
            coming = read(first + LEARNERS_A_PAGE)
            yield facts
    finally:
        coming.cancel()


async def _read(deps: ReadDependencies, tenant: str, names: Sequence[str]) -> Sequence[Envelope]:
    return await deps.log.streams(tenant, names) if names else ()


class _Comparing(NamedTuple):
    run_id: str
    run: Run
    other: Run
    content: Content
    now: datetime
    position: int

    def changes(self, facts: Iterable[Envelope]) -> list[Changed]:
        """Replay these learners' facts, and return whose record would come to something else."""
        found = []
        for subject, enrolment in _replayed(facts, self.position).items():
            before, after = (
                verdict(run, self.run_id, self.content, enrolment, subject, self.now)
                for run in (self.run, self.other)
            )
            if before != after:
                found.append(Changed(subject=subject, before=before, after=after))
        return sorted(found, key=lambda change: change.subject)


def _replayed(facts: Iterable[Envelope], position: int) -> Mapping[str, Enrolment]:
    states: dict[str, Enrolment] = defaultdict(lambda: ENROLMENT.initial)
    for envelope in facts:
        if envelope.position <= position:
            _, subject = stream_ids(envelope.stream)
            states[subject] = ENROLMENT.evolve(states[subject], envelope.fact, envelope.occurred_at)
    return states


async def outdated(
    deps: ReadDependencies, asking: Principal, run: str, compared: Compared | None
) -> bool:
    """Whether the run's terms or content are others now than those that were compared with.
    Learners' own facts go on meanwhile, and count when their grades are computed."""
    if compared is None:
        return True
    now = (await deps.log.head()).position
    then = await _read_run(deps, asking, run, compared.position)
    return await _read_run(deps, asking, run, now) != then


async def _read_run(
    deps: ReadDependencies, asking: Principal, run: str, position: int
) -> tuple[Run, Content]:
    kinds: tuple[StreamKind[Run], StreamKind[Content]] = (RUN, RUN_CONTENT)
    names = {kind.of(asking.tenant, run).name: kind for kind in kinds}
    states = {name: kind.initial for name, kind in names.items()}
    for envelope in await deps.log.streams(asking.tenant, list(names)):
        if envelope.position <= position:
            kind = names[envelope.stream]
            states[envelope.stream] = kind.evolve(
                states[envelope.stream],  # type: ignore[arg-type]
                envelope.fact,
                envelope.occurred_at,
            )
    known, content = states.values()
    if not isinstance(known, Run) or not isinstance(content, Content) or known.scheduled is None:
        raise NotFound("run", run)
    return known, content


def _sums(run: str, learners: int, changed: Sequence[Changed], position: int) -> Compared:
    def differ(name: str) -> int:
        return sum(getattr(one.before, name) != getattr(one.after, name) for one in changed)

    grades = sum(
        (one.before.percent, one.before.letter) != (one.after.percent, one.after.letter)
        for one in changed
    )
    return Compared(
        run=run,
        learners=learners,
        grades=grades,
        passes=differ("passed"),
        certificates=differ("certificate"),
        position=position,
    )
