"""What may be handed in, how often, and when is it late?"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.assessment.state import Attempts
from domain.catalogue.facts import Item
from domain.catalogue.rules import SUBMITTABLE
from domain.kernel import Refusal


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


def late_seconds(submitted: datetime, due: datetime | None) -> int:
    """Return how late work is, rounded up to whole seconds; 0: in time.

    The due moment itself is in time: late means submitted > due [Canvas, Moodle].
    """
    if due is None or submitted <= due:
        return 0
    return -((due - submitted) // timedelta(seconds=1))
