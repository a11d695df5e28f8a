"""Which batches of regrades has a run, how far is each, and what came of it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.access import Principal
from domain.catalogue.facts import GradingPolicyPublished
from domain.catalogue.state import RUN
from domain.grading.facts import CourseGradeComputed, RegradeCompleted, RegradeStarted
from domain.grading.regrade import REGRADE
from domain.kernel import Envelope
from read_api import cursors
from read_api.answers import Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports.log import Selection

WINDOW_POSITIONS = 5_000
WINDOWS_MAX = 100
"""How much of the log is looked through for the batch's grades; past that they are not counted."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of regrades: who began it, and why.

    ``policy_number`` is that of the run's policy when it began (0: there was none). ``learners`` is
    how many had a grade, and had it computed again; the log says it with the end of the batch, None
    until then.
    """

    batch: str
    reason: str
    only_if_higher: bool
    policy_number: int
    started_at: datetime
    started_by: str
    started_position: int
    completed_at: datetime | None
    learners: int | None


class Regrade(Batch, frozen=True, kw_only=True):
    """A batch of regrades, as of a position of the log.

    ``changed`` counts the grades that it has recorded anew so far, not those that it has computed:
    what comes of the same work under the same policy stays as it was, and so does what is not
    higher where ``only_if_higher``. A grade that is recorded anew may have the per cent that it
    had. None: too much else was recorded meanwhile to count them here.
    """

    run: str
    changed: int | None
    position: int


class Regrades(Page, frozen=True, kw_only=True):
    """The batches of regrades of a run, the latest first."""

    run: str
    regrades: list[Batch]


async def regrades(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Regrades:
    """Return a page of them. Raises NotFound, BadParameter or NotYet."""
    await deps.reached("history", position=min_position)
    head = await deps.log.head()
    before = head.position + 1
    if after is not None:
        before = cursors.decode(after, "regrades", (int,))[0]
    of_run = await _of_run(deps, asking, run)
    if not of_run:
        raise NotFound("run", run)
    told = defaultdict[str, list[Envelope]](list)
    prefix = REGRADE.of(asking.tenant, run, "").name
    for envelope in await deps.log.streams_under(asking.tenant, prefix):
        if envelope.position <= head.position:
            told[envelope.stream].append(envelope)
    batches = [batch for facts in told.values() if (batch := _batch(facts, of_run)) is not None]
    batches.sort(key=lambda batch: batch.started_position, reverse=True)
    rest = [batch for batch in batches if batch.started_position < before]
    page, last = cursors.cut(rest, limit)
    return Regrades(
        run=run,
        regrades=page,
        next=cursors.encode("regrades", (last.started_position,)) if last else None,
        as_of=await deps.as_of(head.position),
    )


async def regrade(
    deps: ReadDependencies, asking: Principal, run: str, batch: str, min_position: int = 0
) -> Regrade:
    """Return how far a batch is. Raises NotFound or NotYet."""
    await deps.reached("history", position=min_position)
    head = (await deps.log.head()).position
    facts = await deps.log.streams(asking.tenant, [REGRADE.of(asking.tenant, run, batch).name])
    found = _batch(facts, await _of_run(deps, asking, run))
    if found is None:
        raise NotFound("regrade", batch)
    until = head if found.completed_at is None else facts[-1].position
    return Regrade(
        **msgspec.structs.asdict(found),
        run=run,
        changed=await _changed(deps, asking, facts[0], until, batch),
        position=head,
    )


async def _of_run(deps: ReadDependencies, asking: Principal, run: str) -> Sequence[Envelope]:
    return await deps.log.streams(asking.tenant, [RUN.of(asking.tenant, run).name])


def _batch(facts: Sequence[Envelope], of_run: Sequence[Envelope]) -> Batch | None:
    """Return the batch that these facts of its stream tell of, None where they tell of none."""
    started = next((one for one in facts if isinstance(one.fact, RegradeStarted)), None)
    if started is None or not isinstance(started.fact, RegradeStarted):
        return None
    completed, learners, policy_number = None, None, 0
    for one in facts:
        if isinstance(one.fact, RegradeCompleted):
            completed, learners = one.recorded_at, one.fact.learners
    for one in of_run:
        if isinstance(one.fact, GradingPolicyPublished) and one.position < started.position:
            policy_number = one.fact.number
    return Batch(
        batch=started.fact.batch,
        reason=started.fact.reason,
        only_if_higher=started.fact.only_if_higher,
        policy_number=policy_number,
        started_at=started.recorded_at,
        started_by=started.actor,
        started_position=started.position,
        completed_at=completed,
        learners=learners,
    )


async def _changed(
    deps: ReadDependencies, asking: Principal, started: Envelope, until: int, batch: str
) -> int | None:
    run = started.stream.split("/")[2]
    wanted = Selection(types=(CourseGradeComputed.__name__,), run=run)
    through, count = started.position, 0
    if until - through > WINDOW_POSITIONS * WINDOWS_MAX:
        return None
    while through < until:
        width = min(WINDOW_POSITIONS, until - through)
        window = await deps.log.window(asking.tenant, through, width, width, wanted)
        count += sum(getattr(one.fact, "regrade", None) == batch for one in window.facts)
        if window.through <= through:
            break
        through = window.through
    return count
