"""Whose grade, pass or certificate on record in a run would be another under another policy?

The learners' facts are replayed through the same decisions that would compute their grades under
the other policy, and what comes of it is held against what stands. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

import msgspec

from domain.access import Principal
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import GradingPolicy, LatePolicy
from domain.catalogue.state import RUN, Run
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.regrade import REGRADE
from domain.grading.what_if import Comparison, Terms, compare
from domain.jobs import Job, JobFailed, Progress
from domain.kernel import Envelope, StreamKind, stream_ids
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.queries.policy_changes import Changed, Compared, changes_of, sums_of

KIND = "what-if"
MEDIA_TYPE = "application/x-ndjson"
LEARNERS_A_PAGE = 250
"""Replayed between two words of progress."""


class Policies(NamedTuple):
    """The other policy, and what late and missing work costs under it."""

    policy: GradingPolicy
    late: LatePolicy | None


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
    in_force = Terms(known, run, content, deps.clock())
    comparing = _Comparing(in_force, in_force.under(other.policy, other.late), position)
    subjects = [row["subject"] for row in rows]
    changed: list[Changed] = []
    recorded = done = 0
    yield Progress(0, len(subjects))
    async with aclosing(_pages(deps, asking, run, subjects)) as pages:
        async for facts in pages:
            found = await asyncio.to_thread(comparing.compared, facts)
            recorded += sum(one.recorded for one in found.values())
            for change in changes_of(found):
                yield change
                changed.append(change)
            done = min(done + LEARNERS_A_PAGE, len(subjects))
            yield Progress(done, len(subjects))
    yield sums_of(run, len(subjects), recorded, changed, position)


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
    in_force: Terms
    other: Terms
    position: int

    def compared(self, facts: Iterable[Envelope]) -> Mapping[str, Comparison]:
        """Replay these learners' facts, and return what their records come to, by subject."""
        return {
            subject: compare(self.in_force, self.other, enrolment, subject)
            for subject, enrolment in _replayed(facts, self.position).items()
        }


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
    """Whether the run's terms or content are others now than those that were compared with, or a
    batch of regrades has begun or ended since. Learners' own facts go on meanwhile, and count when
    their grades are computed."""
    if compared is None:
        return True
    batches = await deps.log.streams_under(asking.tenant, REGRADE.of(asking.tenant, run, "").name)
    if any(fact.position > compared.position for fact in batches):
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
