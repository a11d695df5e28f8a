"""How is a draft put away?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import DraftDiscarded
from domain.catalogue.rules import require_draft, require_run
from domain.catalogue.state import RUN, Run


class DiscardDraft(Command):
    """Put a run's draft away."""

    run: Id
    draft: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = Field(
        description="The number that draft-content answered."
    )


def discard_draft(
    command: DiscardDraft, _context: Context, content: Content, run: Run
) -> Iterator[DraftDiscarded]:
    """Yield it, nothing where there is no draft any more. Raises RunUnknown or DraftUnknown."""
    require_run(run, command.run)
    if content.draft is None and 0 < command.draft <= content.drafts:
        return
    require_draft(content, command.run, command.draft)
    yield DraftDiscarded(command.run, command.draft)


DECISION = Decision(
    name="discard-draft",
    model=DiscardDraft,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=discard_draft,
    example={"run": "AAA-2013J", "draft": 1},
)
