"""How far is a batch of regrades, and what came of it?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.access import Principal
from domain.grading.facts import CourseGradeComputed, RegradeCompleted, RegradeStarted
from domain.grading.regrade import REGRADE
from domain.kernel import Envelope
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports import Selection

WINDOW_POSITIONS = 5_000
WINDOWS_MAX = 100
"""How much of the log is looked through for the batch's grades; past that they are not counted."""


class Regrade(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of regrades, as of a position of the log.

    ``changed`` counts the grades that it has recorded anew so far, not those that it has computed:
    what comes of the same work under the same policy stays as it was, and so does what is not
    higher where ``only_if_higher``. A grade that is recorded anew may have the per cent that it
    had. None: too much else was recorded meanwhile to count them here. ``learners`` is how many had
    a grade, and had it computed again; the log says it with the end of the batch, None until then.
    """

    run: str
    batch: str
    reason: str
    only_if_higher: bool
    started_at: datetime
    completed_at: datetime | None
    learners: int | None
    changed: int | None
    position: int


async def regrade(deps: ReadDependencies, asking: Principal, run: str, batch: str) -> Regrade:
    """Return how far a batch is. Raises NotFound."""
    head = (await deps.log.head()).position
    started, completed = None, None
    for envelope in await deps.log.streams(
        asking.tenant, [REGRADE.of(asking.tenant, run, batch).name]
    ):
        if isinstance(envelope.fact, RegradeStarted):
            started, terms = envelope, envelope.fact
        elif isinstance(envelope.fact, RegradeCompleted):
            completed, learners = envelope, envelope.fact.learners
    if started is None:
        raise NotFound("regrade", batch)
    until = head if completed is None else completed.position
    return Regrade(
        run=run,
        batch=batch,
        reason=terms.reason,
        only_if_higher=terms.only_if_higher,
        started_at=started.recorded_at,
        completed_at=None if completed is None else completed.recorded_at,
        learners=None if completed is None else learners,
        changed=await _changed(deps, asking, started, until, batch),
        position=head,
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
