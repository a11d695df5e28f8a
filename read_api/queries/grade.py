"""Which grade has a learner in a run, and why?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from domain.access import Principal
from domain.catalogue import facts as catalogue
from domain.catalogue.facts import GradingPolicy
from domain.grading import explain as domain
from domain.grading.counting import Counted, Score, scores_of
from domain.grading.policy import grade as by_policy
from read_api.answers import NOW, Answer, Moment
from read_api.dependencies import ReadDependencies
from read_api.queries.explanation import Explanation
from read_api.queries.explanation import explain as tree_of
from read_api.queries.standing import Row, Stand, read_stand


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """A course grade: whole per cent, the letter, the exact share before rounding as a fraction
    text, the number of the policy that it was computed under, and the hash of all that went in.
    What is not graded counts zero; ``so_far_percent`` leaves it out, for a policy that tells it."""

    percent: int
    letter: str | None
    passed: bool
    pass_percent: int | None
    exact: str
    policy_number: int
    inputs_hash: str
    so_far_percent: int | None
    so_far_letter: str | None


class Official(msgspec.Struct, frozen=True):
    """The last course grade that was computed as a fact."""

    percent: int
    letter: str | None


class Outcome(msgspec.Struct, frozen=True):
    """How the run ended for the learner, when, and by whom: the exam board, which counts over any
    computed grade, or the computation."""

    result: str
    occurred_at: datetime | None
    basis: str


class Grade(Answer, frozen=True, kw_only=True):
    """A learner's grade in a run.

    ``current`` is worked out now from all scores under the policy in force (None: the run has no
    policy); ``official`` stands in the log, and so does ``outcome``. ``basis`` says which of them
    counts: the ``board``'s outcome, else what was ``computed``; None: nothing yet. ``explanation``,
    where it was asked for, is a tree from the letter down to the submissions.
    """

    run: str
    subject: str
    basis: str | None
    current: Computed | None
    official: Official | None
    outcome: Outcome | None
    explanation: Explanation | msgspec.UnsetType | None = msgspec.UNSET


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
    row, policy = stand.enrolment, stand.policy
    computed = None if policy is None else _computed(policy, stand)
    result, basis = row["outcome"], row["outcome_basis"]
    official = None if row["percent"] is None else Official(row["percent"], row["letter"])
    explanation: Explanation | msgspec.UnsetType | None = None if explain else msgspec.UNSET
    if explain and policy is not None and computed is not None:
        explanation = tree_of(policy, computed, stand)
    return Grade(
        run=run,
        subject=subject,
        basis=basis or ("computed" if official else None),
        current=None if computed is None else _current(computed, stand.policy_number),
        official=official,
        outcome=None if result is None else Outcome(result, row["outcome_at"], basis),
        explanation=explanation,
        as_of=stand.as_of,
        incomplete=stand.incomplete,
    )


def _current(computed: domain.Grade, policy_number: int) -> Computed:
    return Computed(
        percent=computed.percent,
        letter=computed.letter,
        passed=computed.passed,
        pass_percent=computed.pass_percent,
        exact=computed.exact,
        policy_number=policy_number,
        inputs_hash=computed.inputs_hash,
        so_far_percent=None if computed.current is None else computed.current.percent,
        so_far_letter=None if computed.current is None else computed.current.letter,
    )


def _computed(policy: GradingPolicy, stand: Stand) -> domain.Grade:
    items = [catalogue.Item(**msgspec.structs.asdict(item)) for item in stand.items]
    return compute(policy, stand.policy_number, items, stand.rows)


def compute(
    policy: GradingPolicy,
    policy_number: int,
    items: Sequence[catalogue.Item],
    rows: Sequence[Row],
) -> domain.Grade:
    """Compute the grade that a learner's rows of progress give."""
    scores = scores_of(dict(_counted(rows)))
    excused = frozenset(row["item"] for row in rows if row["excused_at"] is not None)
    return by_policy(policy, items, scores, policy_number, excused)


def _counted(rows: Sequence[Row]) -> Iterator[tuple[str, Counted]]:
    """Yield the score of each item that counts, as the reading has chosen it."""
    for row in rows:
        if row["raw"] is not None:
            score = Score(row["raw"], row["possible"])
            yield row["item"], Counted(score, row["counts"], row["counts_attempt"])
