"""What may be handed in, and how often?"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.assessment.facts import AttemptStarted
from domain.assessment.state import Attempt, Attempts, Extensions
from domain.catalogue.facts import SUBMITTABLE, Item, exact
from domain.due import require_due
from domain.kernel import Refusal
from domain.wording import counted, moment


class ItemNotSubmittable(Refusal):
    """Work is handed in for a quiz, an assignment, a coding exercise, a peer task or an exam. Other
    kinds of item (a video, a reading, a page) are watched or viewed."""

    rule = "item-not-submittable"
    title = "The item takes no work"


class AttemptsExhausted(Refusal):
    """An item may allow a number of attempts; absent means unlimited: `left = max(0, allowed
    + extra - made)`, where `extra` is the learner's own [Canvas]. Sending an attempt id that is
    known already uses up nothing, and neither does an attempt whose grader failed [Open edX]."""

    rule = "attempts-exhausted"
    title = "No attempts are left"


class CoolingDown(Refusal):
    """An item may ask for a wait after each attempt: another is refused while `now - last attempt <
    wait` [Open edX]. An attempt whose grader failed does not count."""

    rule = "cooling-down"
    title = "It is too early for another attempt"


class AttemptUnderWay(Refusal):
    """One attempt at an item is made at a time [Moodle]. Hand the one under way in, or give it up
    with `abandon-attempt`."""

    rule = "attempt-under-way"
    title = "Another attempt is under way"


class AttemptNotStarted(Refusal):
    """An item with a time limit is handed in within an attempt that was begun with `start-attempt`,
    so that its time is known [Moodle]."""

    rule = "attempt-not-started"
    title = "The attempt was not begun"


class AttemptOver(Refusal):
    """A timed attempt can be handed in until `started + limit x time factor`, that moment included,
    and a grace period longer where the item gives one; one that was abandoned not at all
    [Moodle]."""

    rule = "attempt-over"
    title = "The attempt is over"


class AttemptUntimed(Refusal):
    """An attempt expires when its time is up. One without a deadline never does."""

    rule = "attempt-untimed"
    title = "The attempt has no deadline"


class ReleaseAfterDue(Refusal):
    """An item cannot be due before it opens: nobody could ever hand it in in time."""

    rule = "release-after-due"
    title = "The item would be due before it opens"


def require_due_after_release(item: Item, due: datetime | None) -> None:
    """Raise ReleaseAfterDue for a due date before the item opens."""
    if due is not None and item.opens is not None and due < item.opens:
        raise ReleaseAfterDue(
            f"Item {item.item} opens at {moment(item.opens)}, after it would be due at "
            f"{moment(due)}.",
            item=item.item,
            opens=moment(item.opens),
            due=moment(due),
        )


def require_submittable(item: Item) -> None:
    """Raise ItemNotSubmittable for a kind of item that takes no work."""
    if item.kind not in SUBMITTABLE:
        raise ItemNotSubmittable(
            f"Item {item.item} is a {item.kind}, and takes no work.",
            item=item.item,
            kind=item.kind,
        )


def attempts_left(item: Item, attempts: Attempts, extensions: Extensions) -> int | None:
    """Return max(0, allowed + extra - made), or None for unlimited [Canvas].

    An attempt under way and one that was abandoned are made; one whose grader failed is not.
    """
    if item.attempts is None:
        return None
    extension = extensions.get(item.item)
    extra = 0 if extension is None else extension.attempts
    return max(0, item.attempts + extra - _made(attempts.get(item.item, ())))


def require_attempt_left(item: Item, attempts: Attempts, extensions: Extensions) -> int:
    """Return the number of the next attempt (from 1), or raise AttemptsExhausted [Canvas]."""
    if attempts_left(item, attempts, extensions) == 0:
        extension = extensions.get(item.item)
        extra = 0 if extension is None else extension.attempts
        made = _made(attempts.get(item.item, ()))
        raise AttemptsExhausted(
            f"Item {item.item} allows {counted((item.attempts or 0) + extra, 'attempt')}, and "
            f"{made} {'was' if made == 1 else 'were'} made.",
            item=item.item,
            allowed=item.attempts,
            extra=extra,
            made=made,
        )
    return len(attempts.get(item.item, ())) + 1


def _made(attempts: tuple[Attempt, ...]) -> int:
    return sum(not made.failed for made in attempts)


def require_cooled_down(item: Item, attempts: Attempts, now: datetime) -> None:
    """Raise CoolingDown while now - last attempt < wait [Open edX].

    What counts is when the last attempt was handed in, or begun where it was not. One whose grader
    failed does not count.
    """
    times = [
        at
        for made in attempts.get(item.item, ())
        if not made.failed and (at := made.submitted_at or made.started_at) is not None
    ]
    if item.cooldown_s is None or not times:
        return
    again = max(times) + timedelta(seconds=item.cooldown_s)
    if now < again:
        raise CoolingDown(
            f"Item {item.item} can be tried again from {moment(again)}; it is {moment(now)}.",
            item=item.item,
            last=moment(max(times)),
            cooldown_s=item.cooldown_s,
            again=moment(again),
            now=moment(now),
        )


def require_none_under_way(item: Item, attempts: Attempts) -> None:
    """Raise AttemptUnderWay where one was begun and not ended."""
    for made in attempts.get(item.item, ()):
        if made.under_way:
            raise AttemptUnderWay(
                f"Attempt {made.attempt} on item {item.item} is under way.",
                item=item.item,
                attempt=made.attempt,
                deadline=moment(made.deadline),
            )


def require_started(item: Item, attempt: str) -> None:
    """Raise AttemptNotStarted for work on a timed item out of the blue."""
    if item.time_limit_s is not None:
        raise AttemptNotStarted(
            f"Item {item.item} has a time limit: begin attempt {attempt} before you hand it in.",
            item=item.item,
            attempt=attempt,
            time_limit_s=item.time_limit_s,
        )


def expires_at(made: Attempt) -> datetime | None:
    """Return the last moment at which an attempt can be handed in [Moodle]; None: no end."""
    if made.deadline is None or made.started is None:
        return None
    grace_s = made.started.grace_s if made.started.on_expiry == "grace" else 0
    return made.deadline + timedelta(seconds=grace_s)


def require_time_left(item: str, made: Attempt, now: datetime) -> None:
    """Raise AttemptOver for an attempt that was abandoned, or whose time is up [Moodle]."""
    last = expires_at(made)
    if made.abandoned or (last is not None and now > last):
        raise AttemptOver(
            f"Attempt {made.attempt} on item {item} is over"
            f"{'.' if last is None else f' since {moment(last)}.'}",
            item=item,
            attempt=made.attempt,
            deadline=moment(made.deadline),
            abandoned=made.abandoned,
            now=moment(now),
        )


def require_time_up(item: str, made: Attempt, now: datetime) -> tuple[AttemptStarted, datetime]:
    """Return how the attempt began and its deadline, or raise AttemptUntimed or NotDue [Moodle]."""
    last = expires_at(made)
    if last is None or made.started is None or made.deadline is None:
        raise AttemptUntimed(
            f"Attempt {made.attempt} on item {item} has no deadline.",
            item=item,
            attempt=made.attempt,
        )
    require_due(last, now, f"Attempt {made.attempt} on item {item} can be handed in")
    return made.started, made.deadline


def deadline_of(started: datetime, time_limit_s: int | None, factor: str) -> datetime | None:
    """Return start + limit x time factor [Moodle], to the microsecond; None: no limit."""
    if time_limit_s is None:
        return None
    microseconds = int(time_limit_s * exact(factor) * 1_000_000)
    return started + timedelta(microseconds=microseconds)
