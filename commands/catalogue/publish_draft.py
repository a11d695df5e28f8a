"""How does a draft become the content of a run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.catalogue.draft_content import as_drafted
from commands.catalogue.publish_content import answer, next_version
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import ContentVersionPublished
from domain.catalogue.rules import (
    require_current_base,
    require_draft,
    require_run,
    require_unarchived,
)
from domain.catalogue.state import RUN, Run


class PublishDraft(Command):
    """Publish a run's draft, as the next version of its content."""

    run: Id
    draft: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = Field(
        description="The number that draft-content answered."
    )


def publish_draft(
    command: PublishDraft, _context: Context, content: Content, run: Run
) -> Iterator[ContentVersionPublished]:
    """Yield the version, nothing where the draft was published already.

    Raises RunUnknown, RunIsArchived, DraftUnknown or DraftOutdated.
    """
    require_run(run, command.run)
    if command.draft in content.published_drafts:
        return
    require_unarchived(run, command.run)
    draft = require_draft(content, command.run, command.draft)
    require_current_base(content, draft)
    whole = as_drafted(draft)
    yield next_version(run, command.run, content, whole, draft.changes, draft.draft)


DECISION = Decision(
    name="publish-draft",
    model=PublishDraft,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=publish_draft,
    example={"run": "AAA-2013J", "draft": 1},
    answer=answer,
)
