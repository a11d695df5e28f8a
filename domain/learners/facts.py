"""What is known of a learner as a person?"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from domain.kernel import Fact, Personal

ProfileField = Literal["name", "email", "address", "student_number", "language", "time_zone"]
SEALED: tuple[ProfileField, ...] = ("name", "email", "address", "student_number")
"""The fields of a profile that say who somebody is."""
PLAIN: tuple[ProfileField, ...] = ("language", "time_zone")


Side = Literal["away", "into"]
"""Of a merger, the record that is merged away, and the one that stays."""


class LearnerRegistered(Fact, frozen=True, omit_defaults=True):
    """A person is known to the institution, and goes by the pseudonym ``subject`` elsewhere.

    ``address`` is where notices go, ``language`` a tag [BCP 47], ``time_zone`` a name of the IANA
    database.
    """

    subject: str
    name: Personal[str] | None = None
    email: Personal[str] | None = None
    address: Personal[str] | None = None
    student_number: Personal[str] | None = None
    language: str | None = None
    time_zone: str | None = None


class ProfileChanged(Fact, frozen=True, omit_defaults=True):
    """These fields of the profile are so from now on; the others stay, but for those ``cleared``.

    ``correction``: they had been wrong, not only become so.
    """

    name: Personal[str] | None = None
    email: Personal[str] | None = None
    address: Personal[str] | None = None
    student_number: Personal[str] | None = None
    language: str | None = None
    time_zone: str | None = None
    cleared: tuple[ProfileField, ...] = ()
    correction: bool = False


class PreferencesSet(Fact, frozen=True):
    """Of these kinds of notice the learner wants to hear; of no other."""

    notices: tuple[str, ...]


class Goal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that the learner wants to reach, in their own words, and perhaps by a day."""

    text: str
    by: date | None = None


class GoalsSet(Fact, frozen=True):
    """What the learner wants to reach; the goals before no longer stand."""

    goals: Personal[tuple[Goal, ...]]


class LearnersMerged(Fact, frozen=True, omit_defaults=True):
    """Two records are of one person: ``merged`` from now on points to ``into``.

    It stands on both streams, and ``side`` says on which; the reason stands with the record merged
    away. Both histories stay where they are. ``carried`` were merged into ``merged`` before, and
    point there still.
    """

    side: Side
    merged: str
    into: str
    carried: tuple[str, ...] = ()
    reason: Personal[str] | None = None


class LearnersUnmerged(Fact, frozen=True, omit_defaults=True):
    """The two records are of two people after all: each is by itself again."""

    side: Side
    merged: str
    into: str
    carried: tuple[str, ...] = ()
    reason: Personal[str] | None = None


class RecordCorrected(Fact, frozen=True, omit_defaults=True):
    """A fact about the learner is wrong, and ``statement`` says what is right. The fact stays where
    it stands, at ``position`` under the id ``corrects``; ``right`` is the id of one that holds what
    is right."""

    position: int
    corrects: str
    statement: Personal[str]
    right: str | None = None
