"""How does a run get its content?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.catalogue.content_fields import ContentBody, Whole
from commands.decision import Context, Decision
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import ContentVersionPublished
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.kernel import Fact


class PublishContent(ContentBody):
    """Publish the whole content of a run, as its next version."""


def publish_content(
    command: PublishContent, _context: Context, content: Content, run: Run
) -> Iterator[ContentVersionPublished]:
    """Yield the next version, nothing where the content stands so already.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    whole = command.whole()
    if content.number > 0 and whole == as_it_stands(content):
        return
    require_unarchived(run, command.run)
    yield next_version(run, command.run, content, whole, command.changes)


def as_it_stands(content: Content) -> Whole:
    """Return the content as it stands, to compare with."""
    return Whole(
        tuple(content.items.values()),
        tuple(content.modules.values()),
        content.objectives,
        content.relocks,
    )


def next_version(
    run: Run, run_id: str, content: Content, whole: Whole, changes: str, draft: int | None = None
) -> ContentVersionPublished:
    """Return the version that follows, with what it takes out and what it moves."""
    removed = tuple(sorted(content.items.keys() - {item.item for item in whole.items}))
    redated = tuple(
        item.item
        for item in whole.items
        if (before := content.items.get(item.item)) is not None
        and (before.due, before.due_after_s) != (item.due, item.due_after_s)
    )
    return ContentVersionPublished(
        run_id,
        content.number + 1,
        whole.items,
        changes,
        removed,
        redated,
        run.scores_missing,
        whole.modules,
        whole.objectives,
        whole.relocks,
        draft,
    )


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, ContentVersionPublished))
    return {"content_version": fact.number}


DECISION = Decision(
    name="publish-content",
    model=PublishContent,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=publish_content,
    example={
        "run": "AAA-2013J",
        "items": [
            {
                "item": "1752",
                "kind": "assignment",
                "title": "TMA 1",
                "category": "TMA",
                "weight": "10",
                "due": "2013-10-20T23:59:59.999999Z",
            },
            {"item": "546614", "kind": "page", "title": "Home page", "label": "homepage"},
            {"item": "v1", "kind": "video", "title": "Welcome", "duration_ms": 300_000},
        ],
        "changes": "First version.",
    },
    answer=answer,
)
