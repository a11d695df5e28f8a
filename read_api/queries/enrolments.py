"""What is one learner's enrolment in one run?"""

from __future__ import annotations

from datetime import datetime

from domain.access import Principal
from read_api.answers import NOW, Answer, Moment, Opened
from read_api.dependencies import ReadDependencies
from read_api.personal import opened
from read_api.queries.progress import read_stand


class Enrolment(Answer, frozen=True, kw_only=True):
    """One learner in one run, as the enrolment's own stream tells it.

    ``version`` is that of the stream. Watching and completing are on another stream: ask for
    progress. ``demographics`` is None where none were told.
    """

    run: str
    subject: str
    status: str
    mode: str | None
    enrolled_at: datetime | None
    day_known: bool
    withdrawn_at: datetime | None
    outcome: str | None
    outcome_at: datetime | None
    outcome_basis: str | None
    percent: int | None
    letter: str | None
    submissions: int
    graded: int
    late: int
    banked: int
    viewed: int
    certificate: str | None
    version: int
    demographics: Opened | None


_OWN = frozenset(Enrolment.__struct_fields__) - {"as_of", "incomplete", "demographics"}


async def enrolment(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Enrolment:
    """Return an enrolment. Raises NotFound."""
    stand = await read_stand(deps, asking, run, subject, moment, min_position)
    row = stand.enrolment
    sealed, fact = row["demographics"], row["enrolled_fact"]
    return Enrolment(
        **{name: row[name] for name in _OWN},
        demographics=await opened(deps, asking, subject, fact, "demographics", sealed),
        as_of=stand.as_of,
        incomplete=stand.incomplete,
    )
