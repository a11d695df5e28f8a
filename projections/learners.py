"""What is known of learners as people, to what did they agree, and what recorded is wrong?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.consent.facts import ConsentGiven, ConsentWithdrawn, PurposePublished
from domain.kernel import Envelope, Personal
from domain.learners.facts import (
    SEALED,
    GoalsSet,
    LearnerRegistered,
    LearnersMerged,
    LearnersUnmerged,
    PreferencesSet,
    ProfileChanged,
    RecordCorrected,
)
from projections.reading import Documents, Key, Reading, View, columns, names


class Learner(Struct, frozen=True, gc=False):
    """One record of a person. A sealed field stands with the id of the fact that it is sealed with.

    ``merged_into`` is the record that this one points to, ``merged`` are those that point here,
    one over another too.
    """

    subject: str
    registered_at: datetime | None = None
    name: str | None = None
    name_fact: str | None = None
    email: str | None = None
    email_fact: str | None = None
    address: str | None = None
    address_fact: str | None = None
    student_number: str | None = None
    student_number_fact: str | None = None
    language: str | None = None
    time_zone: str | None = None
    notices: tuple[str, ...] = ()
    goals: str | None = None
    goals_fact: str | None = None
    merged_into: str | None = None
    merged_at: datetime | None = None
    merged: tuple[str, ...] = ()
    changed_at: datetime | None = None
    position: int = 0


class Consent(Struct, frozen=True, gc=False):
    """What a learner said of one purpose last: they agreed to ``version``, and perhaps no longer
    do."""

    subject: str
    purpose: str
    version: int = 0
    given_at: datetime | None = None
    withdrawn_at: datetime | None = None
    position: int = 0


class Purpose(Struct, frozen=True, gc=False):
    """What learners' data is used for, as published last."""

    purpose: str
    version: int
    basis: str
    title: str
    text: str
    retired: bool
    published_at: datetime
    position: int


class Correction(Struct, frozen=True, gc=False):
    """What was said of a fact that is wrong, at ``position`` of the log."""

    subject: str
    position: int
    corrects: str
    corrected_position: int
    right: str | None
    corrected_at: datetime


def fold_learner(document: Learner | None, envelope: Envelope, key: Key) -> Learner:
    """Take one fact of the person in."""
    old = replace(
        document or Learner(key[0]),
        position=envelope.position,
        changed_at=envelope.occurred_at,
    )
    match envelope.fact:
        case LearnerRegistered() as fact:
            return replace(_told(old, fact, envelope), registered_at=envelope.occurred_at)
        case ProfileChanged(cleared=cleared) as fact:
            return _told(_cleared(old, cleared), fact, envelope)
        case PreferencesSet(notices=notices):
            return replace(old, notices=notices)
        case GoalsSet(goals=goals):
            return replace(old, goals=goals.sealed, goals_fact=envelope.id)
        case LearnersMerged(side="away", into=into):
            return replace(old, merged_into=into, merged_at=envelope.occurred_at)
        case LearnersMerged(merged=merged, carried=carried):
            return replace(old, merged=tuple(sorted({*old.merged, merged, *carried})))
        case LearnersUnmerged(side="away"):
            return replace(old, merged_into=None, merged_at=None)
        case LearnersUnmerged(merged=merged, carried=carried):
            left = set(old.merged) - {merged, *carried}
            return replace(old, merged=tuple(sorted(left)))
        case _:
            return old


def _told(old: Learner, fact: LearnerRegistered | ProfileChanged, envelope: Envelope) -> Learner:
    found: dict[str, Any] = {}
    for name in SEALED:
        value = getattr(fact, name)
        if isinstance(value, Personal):
            found |= {name: value.sealed, f"{name}_fact": envelope.id}
    for name in ("language", "time_zone"):
        value = getattr(fact, name)
        if value is not None:
            found[name] = value
    return replace(old, **found)


def _cleared(old: Learner, fields: Iterable[str]) -> Learner:
    found: dict[str, None] = {}
    for name in fields:
        found[name] = None
        if name in SEALED:
            found[f"{name}_fact"] = None
    return replace(old, **found)


def fold_consent(document: Consent | None, envelope: Envelope, key: Key) -> Consent:
    """Take one word of the learner on a purpose in."""
    old = replace(document or Consent(*key), position=envelope.position)
    match envelope.fact:
        case ConsentGiven(version=version):
            return replace(old, version=version, given_at=envelope.occurred_at, withdrawn_at=None)
        case ConsentWithdrawn():
            return replace(old, withdrawn_at=envelope.occurred_at)
        case _:
            return old


def consent_keys(envelope: Envelope) -> Iterable[Key]:
    """Learner and purpose."""
    return ((envelope.stream.split("/")[2], envelope.fact.purpose),)  # type: ignore[attr-defined]


def fold_purpose(_document: Purpose | None, envelope: Envelope, _key: Key) -> Purpose:
    """Take what was published last."""
    fact: PurposePublished = envelope.fact  # type: ignore[assignment]
    told = (fact.purpose, fact.version, fact.basis, fact.title, fact.text, fact.retired)
    return Purpose(*told, envelope.occurred_at, envelope.position)


def purpose_keys(envelope: Envelope) -> Iterable[Key]:
    """The purpose."""
    return ((envelope.fact.purpose,),)  # type: ignore[attr-defined]


def fold_correction(document: Correction | None, envelope: Envelope, key: Key) -> Correction:
    """Note the correction."""
    fact: RecordCorrected = envelope.fact  # type: ignore[assignment]
    said = (fact.corrects, fact.position, fact.right, envelope.occurred_at)
    return document or Correction(key[0], key[1], *said)


def correction_keys(envelope: Envelope) -> Iterable[Key]:
    """Learner and position."""
    return ((envelope.stream.split("/")[2], envelope.position),)


def of_subject(envelope: Envelope) -> Iterable[Key]:
    """The learner whose stream it is."""
    return ((envelope.stream.split("/")[2],),)


LEARNERS = Reading(
    name="learners",
    version=1,
    documents=(
        Documents(
            name="learner",
            row=Learner,
            key=("subject",),
            facts=names(LearnerRegistered, ProfileChanged, PreferencesSet, GoalsSet)
            | names(LearnersMerged, LearnersUnmerged),
            keys=of_subject,
            fold=fold_learner,
            indexes=("(merged_into) where merged_into is not null",),
        ),
        Documents(
            name="consent",
            row=Consent,
            key=("subject", "purpose"),
            facts=names(ConsentGiven, ConsentWithdrawn),
            keys=consent_keys,
            fold=fold_consent,
        ),
        Documents(
            name="purpose",
            row=Purpose,
            key=("purpose",),
            facts=names(PurposePublished),
            keys=purpose_keys,
            fold=fold_purpose,
        ),
        Documents(
            name="correction",
            row=Correction,
            key=("subject", "position"),
            facts=names(RecordCorrected),
            keys=correction_keys,
            fold=fold_correction,
            write_once=True,
        ),
    ),
    views=(
        View("learners", columns(Learner), "{learner}"),
        View("consents", columns(Consent), "{consent}"),
        View("purposes", columns(Purpose), "{purpose}"),
        View("corrections", columns(Correction), "{correction}"),
    ),
)
