"""How is content prepared that nobody learns by yet?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.catalogue.content_fields import ContentBody, Whole
from commands.decision import Context, Decision
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import ContentDrafted
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.kernel import Fact


class DraftContent(ContentBody):
    """Keep the whole content of a run as a draft, in place of the draft before."""


def draft_content(
    command: DraftContent, _context: Context, content: Content, run: Run
) -> Iterator[ContentDrafted]:
    """Yield the draft, nothing where it stands so already, on the same content.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    whole, last = command.whole(), content.draft
    if last is not None and (as_drafted(last), last.changes, last.base) == (
        whole,
        command.changes,
        content.number,
    ):
        return
    require_unarchived(run, command.run)
    yield ContentDrafted(
        command.run,
        content.drafts + 1,
        content.number,
        whole.items,
        command.changes,
        whole.modules,
        whole.objectives,
        whole.relocks,
    )


def as_drafted(draft: ContentDrafted) -> Whole:
    """Return the content that a draft holds."""
    return Whole(draft.items, draft.modules, draft.objectives, draft.relocks)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, ContentDrafted))
    return {"draft": fact.draft, "base": fact.base}


DECISION = Decision(
    name="draft-content",
    model=DraftContent,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=draft_content,
    example={
        "run": "AAA-2013J",
        "items": [{"item": "1752", "kind": "assignment", "title": "TMA 1", "module": "one"}],
        "modules": [{"module": "one", "title": "Block 1"}],
        "changes": "One assignment only.",
    },
    answer=answer,
)
