"""What happens because time passes: has its moment come?"""

from __future__ import annotations

from datetime import datetime

from domain.kernel import Refusal
from domain.wording import moment, moment_or


class NotDue(Refusal):
    """Some commands only take note that a moment has come: an offered seat lapses, access expires.
    They are sent by the scheduler. By what stands now, the moment has not come; `due` says when it
    does, and the scheduler asks again then."""

    rule = "not-due"
    title = "Its time has not come"

    def __init__(self, detail: str, due: datetime, now: datetime) -> None:
        super().__init__(detail, due=moment(due), now=moment(now))
        self.due = due


def require_due(due: datetime, now: datetime, what: str) -> None:
    """Raise NotDue while now < due; ``what`` begins the sentence: "The offer stands"."""
    if now < due:
        raise NotDue(f"{what} until {moment_or(due, '')}; it is {moment_or(now, '')}.", due, now)
