"""Which grade has a learner in a run, and why?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api.answers import NOW, Answer, Moment
from read_api.dependencies import ReadDependencies
from read_api.queries.progress import Stand, read_stand


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """A course grade: whole per cent, the letter, the exact share before rounding as a fraction
    text, and the number of the policy that it was computed under."""

    percent: int
    letter: str | None
    passing: bool
    exact: str
    policy_number: int


class Official(msgspec.Struct, frozen=True):
    """The last course grade that was computed as a fact."""

    percent: int
    letter: str | None


class Outcome(msgspec.Struct, frozen=True):
    """What the exam board decided, and when; it counts over any computed grade."""

    result: str
    recorded_at: datetime | None


class Grade(Answer, frozen=True, kw_only=True):
    """A learner's grade in a run.

    ``current`` is worked out now from all scores under the policy in force (None: the run has no
    policy); ``official`` stands in the log; ``outcome`` is the board's. ``basis`` says which of
    them counts: the board's, else the official one, else none yet. ``explanation`` is a tree from
    the letter down to the submissions, where it was asked for.
    """

    run: str
    subject: str
    basis: str | None
    current: Computed | None
    official: Official | None
    outcome: Outcome | None
    explanation: dict[str, Any] | None | msgspec.UnsetType = msgspec.UNSET


async def grade(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    *,
    explain: bool = False,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Grade:
    """Return a learner's grade in a run. Raises NotFound."""
    stand = await read_stand(deps, asking, run, subject, moment, min_position)
    return graded(run, subject, stand, explain)


def graded(run: str, subject: str, stand: Stand, explain: bool) -> Grade:
    """Work the grade out; the only place that does."""
    raise NotImplementedError
