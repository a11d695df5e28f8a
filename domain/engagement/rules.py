"""How much of what a player reports is credited?"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from domain.catalogue.content import Content
from domain.catalogue.facts import Item
from domain.engagement.coverage import Intervals, covered_ms
from domain.engagement.gating import is_open
from domain.engagement.state import Viewing
from domain.enrolment.state import Enrolment
from domain.kernel import Refusal
from domain.wording import moment, moment_or

HEARTBEAT_MS = 60_000
"""What a first report is credited at most, in milliseconds of video."""


class NotAVideo(Refusal):
    """Watching is reported for a video. Opening any other item is `view-item`."""

    rule = "not-a-video"
    title = "The item is not a video"


class IntervalOutOfBounds(Refusal):
    """A report names an interval of the video in whole milliseconds, and it lies within the video:
    `0 <= start < end <= duration` [xAPI video profile]."""

    rule = "interval-out-of-bounds"
    title = "The interval lies outside the video"


class WatchedTooFast(Refusal):
    """Over all sessions of one learner in one run together, no more video time is credited than the
    wall-clock time since the previous report, times the rate of play (at most 4). Since the
    previous report no time has passed, so nothing of this one can be credited. A report that
    repeats the previous one changes nothing and is no error."""

    rule = "watched-too-fast"
    title = "No time has passed since the previous report"


class ModuleLocked(Refusal):
    """A module may require a score and a completion of others [Open edX]. Until it is unlocked, or
    waived for the learner with `waive-module`, its items cannot be opened, watched or handed in. An
    attempt that was begun goes on."""

    rule = "module-locked"
    title = "The module is locked"


class ModuleUnknown(Refusal):
    """The run's content describes no module with this id. Modules are described where content is
    published, with what they require."""

    rule = "module-unknown"
    title = "There is no such module"


def require_unlocked(item: Item, content: Content, enrolment: Enrolment) -> None:
    """Raise ModuleLocked for an item of a module that is not open to the learner [Open edX]."""
    module = content.modules.get(item.module)
    if is_open(module, enrolment) or module is None:
        return
    wanted = " and ".join(
        f"{one.minimum_completion}% done and {one.minimum_score}% scored in module {one.module}"
        for one in module.requires
    )
    raise ModuleLocked(
        f"Item {item.item} is in module {module.module}, which needs {wanted}.",
        item=item.item,
        module=module.module,
        requires=[
            {
                "module": one.module,
                "minimum_score": one.minimum_score,
                "minimum_completion": one.minimum_completion,
            }
            for one in module.requires
        ],
    )


def require_module(content: Content, run_id: str, module: str) -> None:
    """Raise ModuleUnknown where the content describes no such module."""
    if module not in content.modules:
        raise ModuleUnknown(
            f"The content of run {run_id} describes no module {module}.",
            run=run_id,
            module=module,
            content_version=content.number,
        )


def require_video(item: Item, end_ms: int) -> None:
    """Raise NotAVideo or IntervalOutOfBounds."""
    if item.kind != "video":
        raise NotAVideo(
            f"Item {item.item} is a {item.kind}, not a video.", item=item.item, kind=item.kind
        )
    if item.duration_ms is not None and end_ms > item.duration_ms:
        raise IntervalOutOfBounds(
            f"The video {item.item} is {item.duration_ms} ms long; the report ends at {end_ms} ms.",
            item=item.item,
            end_ms=end_ms,
            duration_ms=item.duration_ms,
        )


def creditable_ms(viewing: Viewing, rate: Decimal, now: datetime) -> int:
    """Return how many milliseconds of video can be credited now.

    A first report: one heartbeat. Later: the wall-clock time since the previous report × rate.
    """
    if viewing.last_at is None:
        return HEARTBEAT_MS
    elapsed_us = (now - viewing.last_at) // timedelta(microseconds=1)
    return max(0, int(elapsed_us * rate / 1000))


def require_credit(viewing: Viewing, item: str, rate: Decimal, now: datetime) -> int:
    """Return the milliseconds that can be credited (at least 1), or raise WatchedTooFast."""
    credit_ms = creditable_ms(viewing, rate, now)
    if credit_ms == 0:
        raise WatchedTooFast(
            f"The previous report was made at {moment_or(viewing.last_at, '')}, and it is "
            f"{moment_or(now, '')}: nothing can be credited.",
            item=item,
            previous=moment(viewing.last_at),
            now=moment(now),
        )
    return credit_ms


def is_covered(item: Item, covered: Intervals) -> bool:
    """Whether coverage reached the item's threshold [xAPI video profile]; never where the duration
    is unknown."""
    if item.duration_ms is None:
        return False
    return covered_ms(covered) >= Decimal(item.threshold) * item.duration_ms
