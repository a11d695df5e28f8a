"""What may be handed in, and how often?"""

from __future__ import annotations

from datetime import datetime

from domain.assessment.state import Attempts
from domain.catalogue.facts import Item
from domain.catalogue.rules import SUBMITTABLE
from domain.kernel import Refusal
from domain.wording import moment


class ItemNotSubmittable(Refusal):
    """Work is handed in for a quiz, an assignment, a coding exercise, a peer task or an exam. Other
    kinds of item (a video, a reading, a page) are watched or viewed."""

    rule = "item-not-submittable"
    title = "The item takes no work"


class AttemptsExhausted(Refusal):
    """An item may allow a number of attempts; absent means unlimited: `left = max(0, allowed -
    made)` [Canvas]. Sending an attempt id that is known already uses up nothing."""

    rule = "attempts-exhausted"
    title = "No attempts are left"


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


def attempts_left(item: Item, made: int) -> int | None:
    """Return max(0, allowed - made), or None for unlimited [Canvas]."""
    return None if item.attempts is None else max(0, item.attempts - made)


def require_attempt_left(item: Item, attempts: Attempts) -> int:
    """Return the number of the next attempt (from 1), or raise AttemptsExhausted."""
    made = len(attempts.get(item.item, ()))
    if attempts_left(item, made) == 0:
        raise AttemptsExhausted(
            f"All {item.attempts} attempts on item {item.item} were made.",
            item=item.item,
            allowed=item.attempts,
            made=made,
        )
    return made + 1
