"""Which rules does the catalogue keep, and how does it refuse?"""

from __future__ import annotations

from datetime import datetime

from domain.catalogue.content import Content
from domain.catalogue.facts import ContentDrafted, Item, RunScheduled
from domain.catalogue.state import Course, Run
from domain.kernel import Refusal
from domain.wording import moment, moment_or


class CourseUnknown(Refusal):
    """The command names a course that the catalogue of this tenant does not hold. Create it first
    with `create-course`, or look for a slip in its id: ids are compared letter for letter."""

    rule = "course-unknown"
    title = "There is no such course"


class CourseExists(Refusal):
    """A course with this id is in the catalogue already, with another title or description.
    Creating it again exactly as it stands is no error and changes nothing; creating something else
    under the same id would rewrite what learners enrolled in."""

    rule = "course-exists"
    title = "There is another course with this id"


class PrerequisiteCircular(Refusal):
    """A course cannot require itself, neither at once nor by way of what its prerequisite requires:
    nobody could ever take it. `path` names the courses, each requiring the next."""

    rule = "prerequisite-circular"
    title = "A course cannot require itself"


class RunUnknown(Refusal):
    """The command names a run (one presentation of a course) that was never scheduled. This is the
    first thing that every command about a run looks at [Open edX]. Schedule it first with
    `schedule-run`, or look for a slip in its id."""

    rule = "run-unknown"
    title = "There is no such run"


class RunExists(Refusal):
    """A run with this id was scheduled already, and otherwise. Scheduling it again exactly as it
    was changes nothing. Dates are changed by `reschedule-run`, capacity by `limit-seats`."""

    rule = "run-exists"
    title = "There is another run with this id"


class RunIsArchived(Refusal):
    """An archived run takes no more enrolments, no more work and no changes to its content, dates
    or grading policy. What was handed in before can still be graded, and certificates issued and
    revoked."""

    rule = "run-archived"
    title = "The run is archived"


class ItemUnknown(Refusal):
    """The item is not part of the run's content as it was last published. An item of an earlier
    content version that was taken out can no longer be opened or handed in; attempts that were made
    on it stay, and can be graded."""

    rule = "item-unknown"
    title = "There is no such item in the run"


class ItemNotOpen(Refusal):
    """The item opens at a moment that has not come: `now < opens`. The moment itself is in time
    (windows are half-open, `opens <= now`) [Canvas, Moodle]."""

    rule = "item-not-open"
    title = "The item is not open yet"


class SeatsNotLimited(Refusal):
    """Seats are counted only as the answer to a limit that was set on a run which had none: there
    is no such limit now, or it is not the one that the count answers."""

    rule = "seats-not-limited"
    title = "No count of seats is wanted"


class DraftUnknown(Refusal):
    """A run has one draft of its content at a time, under the number that `draft-content` answered.
    The draft that the command names was never made, has given its place to a later one, or was
    discarded."""

    rule = "draft-unknown"
    title = "There is no such draft"


class DraftOutdated(Refusal):
    """A draft rests on the content version that stood when it was made. Another was published
    since, and publishing the draft would undo that unseen: compare them, and draft again."""

    rule = "draft-outdated"
    title = "The content has changed since the draft was made"


def require_draft(content: Content, run_id: str, number: int) -> ContentDrafted:
    """Return the draft that can be published, or raise DraftUnknown."""
    if content.draft is None or content.draft.draft != number:
        raise DraftUnknown(
            f"Run {run_id} has no draft {number} now.",
            run=run_id,
            draft=number,
            current_draft=None if content.draft is None else content.draft.draft,
        )
    return content.draft


def require_current_base(content: Content, draft: ContentDrafted) -> None:
    """Raise DraftOutdated where the content has moved since the draft was made."""
    if draft.base != content.number:
        raise DraftOutdated(
            f"Draft {draft.draft} of run {draft.run} rests on content version {draft.base}, and "
            f"version {content.number} stands now.",
            run=draft.run,
            draft=draft.draft,
            base=draft.base,
            content_version=content.number,
        )


def require_course(course: Course, course_id: str) -> None:
    """Raise CourseUnknown where the course was never created."""
    if course.created is None:
        raise CourseUnknown(f"There is no course {course_id} in the catalogue.", course=course_id)


def require_no_circle(course_id: str, required: str, chain: tuple[Course, ...]) -> None:
    """Raise PrerequisiteCircular where a course would require itself.

    ``chain`` are the required course, the one that it requires, and so on.
    """
    onward = [course.prerequisite.course for course in chain if course.prerequisite is not None]
    path = [course_id, required, *onward]
    if course_id in path[1:]:
        path = path[: path.index(course_id, 1) + 1]
        raise PrerequisiteCircular(
            f"Course {course_id} would require itself: {' requires '.join(path)}.",
            course=course_id,
            field="prerequisite.course",
            path=path,
        )


def require_run(run: Run, run_id: str) -> RunScheduled:
    """Return how the run was scheduled, or raise RunUnknown."""
    if run.scheduled is None:
        raise RunUnknown(f"There is no run {run_id}.", run=run_id)
    return run.scheduled


def require_unarchived(run: Run, run_id: str) -> None:
    """Raise RunIsArchived where the run takes no more."""
    if run.archived:
        raise RunIsArchived(f"Run {run_id} is archived and takes no more changes.", run=run_id)


def require_item(content: Content, run_id: str, item_id: str) -> Item:
    """Return the item of the content as it stands, or raise ItemUnknown."""
    item = content.items.get(item_id)
    if item is None:
        raise ItemUnknown(
            f"Run {run_id} has no item {item_id} in its content version {content.number}.",
            run=run_id,
            item=item_id,
            content_version=content.number,
        )
    return item


def require_open(item: Item, now: datetime) -> None:
    """Raise ItemNotOpen before the item opens [Canvas, Moodle]."""
    if item.opens is not None and now < item.opens:
        raise ItemNotOpen(
            f"Item {item.item} opens at {moment_or(item.opens, '')}; it is {moment_or(now, '')}.",
            item=item.item,
            opens=moment(item.opens),
            now=moment(now),
        )
