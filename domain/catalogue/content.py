"""What must decisions know of a run's content?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import assert_never, get_args

import msgspec

from domain.catalogue.facts import (
    SUBMITTABLE,
    ContentDrafted,
    ContentVersionPublished,
    DraftDiscarded,
    DueDateOverridden,
    DueOverrideRemoved,
    Item,
    Module,
    Objective,
)
from domain.kernel import StreamKind

ContentFact = (
    ContentVersionPublished
    | ContentDrafted
    | DraftDiscarded
    | DueDateOverridden
    | DueOverrideRemoved
)


class Content(msgspec.Struct, frozen=True):
    """The content of a run in its version ``number``; 0: none was published.

    ``due_overrides`` are other due dates by item and cohort (None: the whole run); a date None
    there: the item is due at no time. They outlive content versions. ``relative`` are the items
    that take work and fall due so long after each enrolment. ``draft`` is the one that can be
    published, ``drafts`` counts all; ``published_drafts`` are those that were.
    """

    number: int = 0
    modules: Mapping[str, Module] = msgspec.field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    relocks: bool = False
    draft: ContentDrafted | None = None
    drafts: int = 0
    published_drafts: frozenset[int] = frozenset()
    items: Mapping[str, Item] = msgspec.field(default_factory=dict)
    relative: tuple[tuple[str, timedelta], ...] = ()
    due_overrides: Mapping[tuple[str, str | None], datetime | None] = msgspec.field(
        default_factory=dict
    )


def evolve_content(state: Content, fact: ContentFact, _at: datetime) -> Content:
    """Take one fact in; a content version is the whole content. Never refuses."""
    match fact:
        case ContentVersionPublished(number=number, items=items, modules=modules, draft=draft):
            published = state.published_drafts | (frozenset() if draft is None else {draft})
            return msgspec.structs.replace(
                state,
                number=number,
                items={item.item: item for item in items},
                relative=tuple(_relative(items)),
                modules={module.module: module for module in modules},
                objectives=fact.objectives,
                relocks=fact.relocks,
                draft=state.draft if draft is None else None,
                published_drafts=published,
            )
        case ContentDrafted(draft=number):
            return msgspec.structs.replace(state, draft=fact, drafts=max(number, state.drafts))
        case DraftDiscarded():
            return msgspec.structs.replace(state, draft=None)
        case DueDateOverridden(item=item, cohort=cohort, due=due):
            overrides = {**state.due_overrides, (item, cohort): due}
            return msgspec.structs.replace(state, due_overrides=overrides)
        case DueOverrideRemoved(item=item, cohort=cohort):
            left = {key: due for key, due in state.due_overrides.items() if key != (item, cohort)}
            return msgspec.structs.replace(state, due_overrides=left)
        case _:
            assert_never(fact)


def _relative(items: Iterable[Item]) -> Iterator[tuple[str, timedelta]]:
    for item in items:
        if item.due_after_s is not None and item.kind in SUBMITTABLE:
            yield item.item, timedelta(seconds=item.due_after_s)


RUN_CONTENT = StreamKind("run-content", Content(), evolve_content, get_args(ContentFact))
