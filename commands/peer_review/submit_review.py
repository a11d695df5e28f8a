"""How is a review handed in?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from commands.catalogue.peer_task import CRITERIA_MAX, POINTS_MAX
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.kernel import StreamRef
from domain.peer_review.facts import Part, ReviewSubmitted
from domain.peer_review.rules import (
    ReviewIsSubmitted,
    ReviewLeaseEnded,
    require_claimed,
    require_parts,
)
from domain.peer_review.state import PEER_POOL, Pool
from domain.wording import moment


class PartBody(BaseModel):
    """Points for one criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    criterion: Id
    points: Annotated[int, Field(strict=True, ge=0, le=POINTS_MAX)]


class SubmitReview(Command):
    """Hand a review in that was claimed."""

    run: Id
    subject: Id = Field(description="The learner who reviews.")
    item: Id
    review: Id
    parts: Annotated[tuple[PartBody, ...], Field(min_length=1, max_length=CRITERIA_MAX)] = Field(
        description="Points for every criterion of the task."
    )


def streams(command: SubmitReview, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the pool and the run."""
    return (PEER_POOL.of(tenant, command.run, command.item), RUN.of(tenant, command.run))


def submit_review(
    command: SubmitReview, context: Context, pool: Pool, run: Run
) -> Iterator[ReviewSubmitted]:
    """Yield the review, nothing where it stands so already.

    A learner who has left the run meanwhile still owes it to the author. Raises RunUnknown,
    ReviewUnknown, ReviewIsSubmitted, ReviewLeaseEnded or PartsMismatch.
    """
    require_run(run, command.run)
    by = pool.reviewer(command.subject)
    parts = tuple(Part(body.criterion, body.points) for body in command.parts)
    made = by.made.get(command.review)
    if made is not None:
        if sorted(made, key=_name) == sorted(parts, key=_name):
            return
        raise ReviewIsSubmitted(
            f"Review {command.review} was submitted already, with other points.",
            run=command.run,
            item=command.item,
            review=command.review,
            parts={part.criterion: part.points for part in made},
        )
    require_claimed(by, command.subject, command.review)
    claim = by.open
    if claim is None or claim.review != command.review or context.now >= claim.expires:
        raise ReviewLeaseEnded(
            f"The lease of review {command.review} has ended.",
            run=command.run,
            item=command.item,
            review=command.review,
            expires=None if claim is None else moment(claim.expires),
            now=moment(context.now),
        )
    pooled = pool.of(claim.author, claim.attempt)
    if pooled is not None:
        require_parts(pooled.task, parts)
    yield ReviewSubmitted(
        item=command.item,
        subject=command.subject,
        review=command.review,
        author=claim.author,
        attempt=claim.attempt,
        parts=parts,
    )


def _name(part: Part) -> str:
    return part.criterion


DECISION = Decision(
    name="submit-review",
    model=SubmitReview,
    streams=streams,
    decide=submit_review,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "essay",
        "review": "r-1",
        "parts": [{"criterion": "argument", "points": 4}, {"criterion": "language", "points": 3}],
    },
)
