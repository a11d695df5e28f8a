"""What can a query answer other than what was asked for?"""

from __future__ import annotations

from datetime import datetime


class NotFound(Exception):
    """There is no such thing, as far as the readings know."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} {name}.")
        self.kind = kind
        self.name = name


class BadParameter(Exception):
    """A parameter cannot be taken as it is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class NotYet(Exception):
    """The readings have not reached the position that was asked for, within the bound."""

    def __init__(self, asked: int, reached: int) -> None:
        super().__init__(f"Position {asked} is not read yet; the readings have reached {reached}.")
        self.asked = asked
        self.reached = reached


class NotDone(Exception):
    """What a job comes to is not there, since it is not done."""

    def __init__(self, job: str, state: str, error: str | None) -> None:
        super().__init__(f"Job {job} is {state}{'.' if error is None else f': {error}'}")
        self.state = state


class TooManyJobs(Exception):
    """Whoever asks has as many jobs under way as they may."""


class PutAside(Exception):
    """Facts could not be read in yet, and an answer without them would mislead."""

    def __init__(self, subject: str, since: datetime) -> None:
        super().__init__(
            f"Facts of {subject} are put aside since {since.isoformat()}; "
            "registrar projections retry reads them in once they are mended."
        )
