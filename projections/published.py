"""What could be found of courses, runs and items, from which moment on?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from domain.catalogue.facts import (
    ContentVersionPublished,
    CourseCreated,
    RunScheduled,
)
from domain.kernel import Envelope
from projections.reading import Documents, Key, names
from projections.search import TSV, entry_keys, published


class Published(Struct, frozen=True, gc=False):
    """What there was to find of a course, run or item from a position of the log on, until there is
    a later row; ``retired``: nothing any more."""

    entry: str
    position: int
    occurred_at: datetime
    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    body: str
    retired: bool


def fold_published(document: Published | None, envelope: Envelope, key: Key) -> Published:
    """Note what a fact of the catalogue lets be found."""
    found = published(envelope, key[0])
    return document or Published(
        entry=key[0],
        position=envelope.position,
        occurred_at=envelope.occurred_at,
        kind=found.kind,
        id=found.id,
        run=found.run,
        course=found.course,
        title=found.title,
        body=found.body,
        retired=found.retired,
    )


def published_keys(envelope: Envelope) -> Iterable[Key]:
    """The entries that a fact concerns, each with its position."""
    return tuple((entry, envelope.position) for (entry,) in entry_keys(envelope))


PUBLISHED = Documents(
    name="published",
    row=Published,
    key=("entry", "position"),
    facts=names(CourseCreated, RunScheduled, ContentVersionPublished),
    keys=published_keys,
    fold=fold_published,
    indexes=("(lower(id))",),
    across=("using gin (tsv)",),
    write_once=True,
    generated={"tsv": TSV},
)
