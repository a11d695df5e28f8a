"""How do reviews become a score?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.facts import LatePenaltyApplied
from domain.grading.late import penalties
from domain.grading.state import with_result
from domain.kernel import StreamRef
from domain.peer_review.facts import PeerScoreFinalized
from domain.peer_review.rules import finalize
from domain.peer_review.state import PEER_POOL, Pool


class FinalizePeerScore(Command):
    """Work out the score of a learner's work on a peer task from its reviews. Sent by itself when
    the last that it waits for has come."""

    run: Id
    subject: Id
    item: Id


def streams(command: FinalizePeerScore, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and the pool."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        PEER_POOL.of(tenant, command.run, command.item),
    )


def finalize_peer_score(
    command: FinalizePeerScore, context: Context, enrolment: Enrolment, run: Run, pool: Pool
) -> Iterator[PeerScoreFinalized | LatePenaltyApplied]:
    """Yield the score of each attempt in the pool [Open edX ORA], and what lateness costs; once.

    An attempt that has a score has it for good: a staff score overrides all, and reviews that come
    later change nothing. One that was voided gets none while it is. Raises RunUnknown,
    NotEnrolled or PeerScoreNotReady.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    done = len(pool.reviewer(command.subject).done)
    results = enrolment.results
    for made in enrolment.attempts.get(command.item, ()):
        pooled = pool.of(command.subject, made.attempt)
        if pooled is None or pooled.withdrawn or (command.item, made.attempt) in results.graded:
            continue
        scored = finalize(pooled, done, command.run, context.now)
        yield scored
        yield from penalties(run, with_result(results, scored), command.item, made)


DECISION = Decision(
    name="finalize-peer-score",
    model=FinalizePeerScore,
    streams=streams,
    decide=finalize_peer_score,
    unconditioned=frozenset({"run", "peer-pool"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "essay"},
)
