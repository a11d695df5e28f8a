"""When are modules unlocked? As soon as a learner has earned them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import ContentVersionPublished
from domain.engagement.facts import ItemCompleted, ItemViewed
from domain.enrolment.facts import LearnerEnrolled
from domain.grading import facts as grading
from domain.integrity.facts import AttemptRestored, AttemptVoided
from domain.kernel import Envelope, stream_ids
from domain.peer_review.facts import PeerScoreFinalized
from streams.ports import Gates, Order, Roster

RUNS_REMEMBERED_MAX = 10_000


class DecideModules:
    """Something was done, scored, or published: decide what that unlocks.

    Runs whose modules require nothing cost no command: whether they do is looked up once, and
    followed from then on.
    """

    name = "decide-modules"
    facts = frozenset(
        cls.__name__
        for cls in (
            ContentVersionPublished,
            LearnerEnrolled,
            ItemViewed,
            ItemCompleted,
            SubmissionReceived,
            grading.SubmissionGraded,
            grading.LatePenaltyApplied,
            grading.ResultTransferred,
            grading.ScoreOverridden,
            grading.OverrideRemoved,
            grading.ItemExcused,
            grading.ExcuseWithdrawn,
            grading.MissingWorkScored,
            grading.MissingWorkCleared,
            PeerScoreFinalized,
            AttemptVoided,
            AttemptRestored,
        )
    )

    def __init__(self, gates: Gates, roster: Roster) -> None:
        self._gates = gates
        self._roster = roster
        self._gated: dict[tuple[str, str], bool] = {}

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the decision for the learner whom the fact is about, or for all in the run."""
        run, *subjects = stream_ids(cause.stream)
        if isinstance(cause.fact, ContentVersionPublished):
            gated = any(module.requires for module in cause.fact.modules)
            self._gated.pop((cause.tenant, run), None)
            if not gated:
                return ()
            subjects = list(await self._roster.active_at(cause.tenant, run, cause.position))
        elif not await self._is_gated(cause.tenant, run):
            return ()
        return [
            Order(
                "decide-modules",
                {"run": run, "subject": subject},
                f"modules/{cause.id}/{subject}",
            )
            for subject in subjects
        ]

    async def _is_gated(self, tenant: str, run: str) -> bool:
        known = self._gated.get((tenant, run))
        if known is None:
            if len(self._gated) >= RUNS_REMEMBERED_MAX:
                self._gated.clear()
            known = self._gated[tenant, run] = await self._gates.is_gated(tenant, run)
        return known
