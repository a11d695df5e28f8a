"""What is in a run, in each version of its content and in the draft of the next?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import (
    ContentDrafted,
    ContentVersionPublished,
    DraftDiscarded,
    Item,
    Module,
    Objective,
    PeerTask,
)
from domain.kernel import Envelope
from projections.reading import Documents, Key, names


class RunItem(Struct, frozen=True, gc=False):
    """An item of a run, as the content version that last held it says."""

    run: str
    item: str
    kind: str
    title: str
    module: str
    category: str | None
    weight: str
    possible: str
    due: datetime | None
    opens: datetime | None
    attempts: int | None
    duration_ms: int | None
    threshold: str
    label: str | None
    ordinal: int
    content_number: int
    due_after_s: int | None = None
    cooldown_s: int | None = None
    time_limit_s: int | None = None
    on_expiry: str = "submit"
    grace_s: int = 0
    peer: PeerTask | None = None
    objectives: tuple[str, ...] = ()


class ContentVersion(Struct, frozen=True, gc=False):
    """A version of a run's content, as it was published; ``draft`` is the draft that it was."""

    run: str
    number: int
    published_at: datetime
    actor: str
    position: int
    changes: str
    items: tuple[Item, ...]
    modules: tuple[Module, ...]
    objectives: tuple[Objective, ...]
    relocks: bool
    draft: int | None
    item_count: int


class ContentDraft(Struct, frozen=True, gc=False):
    """The latest draft of a run's content; ``state`` is open, published or discarded."""

    run: str
    draft: int
    base: int
    state: str
    drafted_at: datetime
    actor: str
    position: int
    changes: str
    items: tuple[Item, ...]
    modules: tuple[Module, ...]
    objectives: tuple[Objective, ...]
    relocks: bool
    item_count: int


def fold_version(
    document: ContentVersion | None, envelope: Envelope, key: Key
) -> ContentVersion | None:
    """Keep a version as it was published."""
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return document
    return ContentVersion(
        run=key[0],
        number=fact.number,
        published_at=envelope.occurred_at,
        actor=envelope.actor,
        position=envelope.position,
        changes=fact.changes,
        items=fact.items,
        modules=fact.modules,
        objectives=fact.objectives,
        relocks=fact.relocks,
        draft=fact.draft,
        item_count=len(fact.items),
    )


def version_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and number of the version."""
    return ((envelope.stream.split("/")[2], envelope.fact.number),)  # type: ignore[attr-defined]


def fold_draft(document: ContentDraft | None, envelope: Envelope, key: Key) -> ContentDraft | None:
    """Keep the latest draft, and what became of it."""
    match envelope.fact:
        case ContentDrafted() as fact:
            return ContentDraft(
                run=key[0],
                draft=fact.draft,
                base=fact.base,
                state="open",
                drafted_at=envelope.occurred_at,
                actor=envelope.actor,
                position=envelope.position,
                changes=fact.changes,
                items=fact.items,
                modules=fact.modules,
                objectives=fact.objectives,
                relocks=fact.relocks,
                item_count=len(fact.items),
            )
        case ContentVersionPublished(draft=draft) if document is not None:
            if draft != document.draft:
                return document
            return replace(document, state="published", position=envelope.position)
        case DraftDiscarded() if document is not None:
            return replace(document, state="discarded", position=envelope.position)
        case _:
            return document


def fold_item(document: RunItem | None, envelope: Envelope, key: Key) -> RunItem | None:
    """Take a content version in, as far as this item goes."""
    run, name = key
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return document
    for ordinal, item in enumerate(fact.items, 1):
        if item.item == name:
            return RunItem(
                run=run,
                item=name,
                kind=item.kind,
                title=item.title,
                module=item.module,
                category=item.category,
                weight=item.weight,
                possible=item.possible,
                due=item.due,
                opens=item.opens,
                attempts=item.attempts,
                duration_ms=item.duration_ms,
                threshold=item.threshold,
                label=item.label,
                ordinal=ordinal,
                content_number=fact.number,
                due_after_s=item.due_after_s,
                cooldown_s=item.cooldown_s,
                time_limit_s=item.time_limit_s,
                on_expiry=item.on_expiry,
                grace_s=item.grace_s,
                peer=item.peer,
                objectives=item.objectives,
            )
    return document


def item_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and item, for every item of the content."""
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return ()
    run = envelope.stream.split("/")[2]
    return tuple((run, item.item) for item in fact.items)


def first_id(envelope: Envelope) -> Iterable[Key]:
    """The course or run that the stream is named for."""
    return ((envelope.stream.split("/")[2],),)


CONTENT_VERSION = Documents(
    name="content_version",
    row=ContentVersion,
    key=("run", "number"),
    facts=names(ContentVersionPublished),
    keys=version_keys,
    fold=fold_version,
)
CONTENT_DRAFT = Documents(
    name="content_draft",
    row=ContentDraft,
    key=("run",),
    facts=names(ContentDrafted, DraftDiscarded, ContentVersionPublished),
    keys=first_id,
    fold=fold_draft,
)
RUN_ITEM = Documents(
    name="item",
    row=RunItem,
    key=("run", "item"),
    facts=names(ContentVersionPublished),
    keys=item_keys,
    fold=fold_item,
)
