"""What must decisions know of a learner as a person?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never, get_args

import msgspec

from domain.consent.facts import ConsentGiven, ConsentWithdrawn
from domain.kernel import Personal, StreamKind
from domain.learners.facts import (
    PLAIN,
    SEALED,
    GoalsSet,
    LearnerRegistered,
    LearnersMerged,
    LearnersUnmerged,
    PreferencesSet,
    ProfileChanged,
    RecordCorrected,
)

LearnerFact = (
    LearnerRegistered
    | ProfileChanged
    | PreferencesSet
    | GoalsSet
    | LearnersMerged
    | LearnersUnmerged
    | ConsentGiven
    | ConsentWithdrawn
    | RecordCorrected
)


class Learner(msgspec.Struct, frozen=True):
    """One record of a person.

    ``profile`` holds the marks of sealed fields (see ``Personal``) and the others as they are,
    ``registered_as`` those of the registration. ``merged`` are the records merged into this one,
    each with those that came along. ``consents`` are the versions of purposes that the learner
    agrees to, ``corrections`` the marks of what was said of wrong facts, by their id.
    """

    registered_as: Mapping[str, str] | None = None
    profile: Mapping[str, str] = msgspec.field(default_factory=dict)
    notices: tuple[str, ...] = ()
    goals: str | None = None
    merged_into: str | None = None
    merged: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    consents: Mapping[str, int] = msgspec.field(default_factory=dict)
    corrections: Mapping[str, str | None] = msgspec.field(default_factory=dict)

    @property
    def registered(self) -> bool:
        """Whether the person is known."""
        return self.registered_as is not None

    @property
    def others(self) -> tuple[str, ...]:
        """All other records of this person that point here, in order."""
        return tuple(sorted({one for own, more in self.merged.items() for one in (own, *more)}))


def evolve_learner(state: Learner, fact: LearnerFact, _at: datetime) -> Learner:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case LearnerRegistered():
            told = profile_of(fact)
            return replace(state, registered_as=told, profile={**state.profile, **told})
        case ProfileChanged(cleared=cleared):
            kept = {name: said for name, said in state.profile.items() if name not in cleared}
            return replace(state, profile=kept | profile_of(fact))
        case PreferencesSet(notices=notices):
            return replace(state, notices=notices)
        case GoalsSet(goals=goals):
            return replace(state, goals=goals.mark)
        case LearnersMerged(side="away", into=into):
            return replace(state, merged_into=into)
        case LearnersMerged(merged=merged, carried=carried):
            return replace(state, merged={**state.merged, merged: carried})
        case LearnersUnmerged(side="away"):
            return replace(state, merged_into=None)
        case ConsentGiven(purpose=purpose, version=version):
            return replace(state, consents={**state.consents, purpose: version})
        case ConsentWithdrawn(purpose=purpose):
            agreed = {one: version for one, version in state.consents.items() if one != purpose}
            return replace(state, consents=agreed)
        case RecordCorrected(corrects=fact_id, statement=statement):
            said = {**state.corrections, fact_id: statement.mark}
            return replace(state, corrections=said)
        case LearnersUnmerged(merged=merged):
            left = {one: more for one, more in state.merged.items() if one != merged}
            return replace(state, merged=left)
        case _:
            assert_never(fact)


def profile_of(fact: LearnerRegistered | ProfileChanged) -> dict[str, str]:
    """Return what a fact says of the profile: marks of sealed fields, others as they are."""
    found: dict[str, str] = {}
    for name in (*SEALED, *PLAIN):
        value: Any = getattr(fact, name)
        if isinstance(value, Personal):
            found[name] = value.mark or ""
        elif value is not None:
            found[name] = value
    return found


LEARNER = StreamKind("learner", Learner(), evolve_learner, get_args(LearnerFact))
