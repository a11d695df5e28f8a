"""Which courses and runs are there, as they now stand?"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import CourseCreated, PrerequisiteSet
from domain.kernel import Envelope
from projections.content import (
    CONTENT_DRAFT,
    CONTENT_VERSION,
    RUN_ITEM,
    ContentDraft,
    ContentVersion,
    RunItem,
    first_id,
)
from projections.published import PUBLISHED, Published
from projections.reading import Documents, Key, Reading, View, columns, names
from projections.runs import RUN, Run


class Course(Struct, frozen=True, gc=False):
    """A course of the catalogue. ``version`` is that of its stream."""

    course: str
    title: str
    description: str
    prerequisite_course: str | None
    prerequisite_percent: int | None
    created_at: datetime
    position: int
    version: int


def fold_course(document: Course | None, envelope: Envelope, key: Key) -> Course | None:
    """Take one fact of the course's stream in."""
    at = {"position": envelope.position, "version": envelope.version}
    match envelope.fact:
        case CourseCreated(title=title, description=description) if document is None:
            return Course(
                key[0],
                title,
                description,
                None,
                None,
                envelope.occurred_at,
                envelope.position,
                envelope.version,
            )
        case PrerequisiteSet(prerequisite=wanted) if document is not None:
            return replace(
                document,
                prerequisite_course=wanted.course if wanted else None,
                prerequisite_percent=wanted.minimum_percent if wanted else None,
                **at,
            )
        case _:
            return document


CATALOGUE = Reading(
    name="catalogue",
    version=3,
    documents=(
        Documents(
            name="course",
            row=Course,
            key=("course",),
            facts=names(CourseCreated, PrerequisiteSet),
            keys=first_id,
            fold=fold_course,
        ),
        RUN,
        PUBLISHED,
        CONTENT_VERSION,
        CONTENT_DRAFT,
        RUN_ITEM,
    ),
    views=(
        View(
            "courses",
            columns(Course),
            "{course}",
            analysts=("course", "title", "prerequisite_course", "created_at"),
        ),
        View(
            "runs",
            columns(Run),
            "{run}",
            analysts=("run", "course", "title", "starts", "ends", "capacity", "taken", "archived"),
        ),
        View("published", (*columns(Published), "tsv"), "{published}", keeps=True),
        View("content_versions", columns(ContentVersion), "{content_version}"),
        View("content_drafts", columns(ContentDraft), "{content_draft}"),
        View(
            "items",
            columns(RunItem, "i"),
            "{item} i join {run} r on r.tenant = i.tenant and r.run = i.run"
            " and r.content_number = i.content_number",
            "i",
            analysts=("run", "item", "kind", "title", "module", "category", "weight", "due"),
        ),
    ),
)
