"""What does a learner watch and view?"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.kernel import Fact, Personal


class VideoWatched(Fact, frozen=True, omit_defaults=True):
    """The learner is credited with [start_ms, end_ms) of a video, out of what a player reported.

    Times are whole milliseconds of the video. What is credited was decided when the report came, so
    the union of credited intervals does not depend on the order of facts. ``term`` counts how often
    the learner had begun the run afresh: coverage of an earlier term no longer counts.
    """

    item: str
    start_ms: int
    end_ms: int
    reported_start_ms: int
    reported_end_ms: int
    rate: str
    session: str
    term: int = 0


class ItemViewed(Fact, frozen=True):
    """The learner opened an item."""

    item: str


class ItemCompleted(Fact, frozen=True):
    """The learner completed an item. ``basis`` is the rule that says so."""

    item: str
    basis: Literal["coverage", "viewed", "submitted"]


class Reached(msgspec.Struct, frozen=True):
    """How far a learner was in a module, in per cent as exact fraction texts: ``score`` of what its
    items are worth, ``completion`` of its items."""

    module: str
    score: str
    completion: str


class ModuleUnlocked(Fact, frozen=True):
    """A module is open to the learner from now on, because they reached in others what it
    requires in this content version."""

    module: str
    content_version: int
    basis: tuple[Reached, ...]


class ModuleRelocked(Fact, frozen=True):
    """A module is locked again, as the run says: what it requires is met no more."""

    module: str
    content_version: int
    basis: tuple[Reached, ...]


class ModuleWaived(Fact, frozen=True, omit_defaults=True):
    """A module is open to the learner, whatever it requires."""

    module: str
    reason: Personal[str] | None = None


class ModuleWaiverWithdrawn(Fact, frozen=True, omit_defaults=True):
    """A module's waiver is taken back: it is open to the learner only if they have earned it."""

    module: str
    reason: Personal[str] | None = None
