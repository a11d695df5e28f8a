"""What becomes of work in a pool when its attempt is voided, and when it is restored?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.integrity.facts import AttemptRestored, AttemptVoided
from domain.peer_review.facts import SubmissionReturned, SubmissionWithdrawn
from domain.peer_review.state import Pool


def withdrawn(pool: Pool, voided: AttemptVoided, subject: str) -> Iterator[SubmissionWithdrawn]:
    """Yield that the work leaves the pool, unless another violation withdrew it already."""
    pooled = pool.of(subject, voided.attempt)
    if pooled is not None and not pooled.withdrawn:
        yield SubmissionWithdrawn(voided.item, subject, voided.attempt, voided.violation)


def returned(
    pool: Pool,
    restored: AttemptRestored,
    voided: Iterable[tuple[str, str, str]],
    subject: str,
) -> Iterator[SubmissionReturned]:
    """Yield that the work comes back, unless another violation voids it: ``voided`` holds item,
    attempt and violation of all that are."""
    work = (restored.item, restored.attempt)
    others = any(
        (item, attempt) == work and violation != restored.violation
        for item, attempt, violation in voided
    )
    pooled = pool.of(subject, restored.attempt)
    if pooled is not None and pooled.withdrawn and not others:
        yield SubmissionReturned(restored.item, subject, restored.attempt, restored.violation)
