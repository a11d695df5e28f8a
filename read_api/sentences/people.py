"""How are the facts about a person told, each in a sentence that names nobody?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.consent.facts import ConsentGiven, ConsentWithdrawn, PurposePublished
from domain.kernel import Fact
from domain.learners.facts import (
    PLAIN as PLAIN_FIELDS,
)
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
from domain.retention.facts import RetentionRulePublished

FIELDS = {
    "name": "name",
    "email": "e-mail address",
    "address": "postal address",
    "student_number": "student number",
    "language": "language",
    "time_zone": "time zone",
}

PLAIN: Mapping[type[Fact], str] = {
    LearnerRegistered: "Was registered",
    GoalsSet: "Said what they want to reach",
    RecordCorrected: "The fact at position {f.position:,} was said to be wrong, and what is right",
    ConsentGiven: "Agreed to version {f.version} of purpose {f.purpose}",
    ConsentWithdrawn: "No longer agrees to purpose {f.purpose}",
}


def _purpose(fact: PurposePublished) -> str:
    if fact.retired:
        return f"Purpose {fact.purpose} was retired"
    return f"Version {fact.version} of purpose {fact.purpose} was published, on {fact.basis}"


def _changed(fact: ProfileChanged) -> str:
    changed = [FIELDS[name] for name in (*SEALED, *PLAIN_FIELDS) if getattr(fact, name) is not None]
    how = "Corrected" if fact.correction else "Changed"
    said = [f"{how} the {_listed(changed)}"] if changed else []
    if fact.cleared:
        cleared = _listed([FIELDS[name] for name in fact.cleared])
        said.append(f"{'removed' if said else 'Removed'} the {cleared}")
    return ", ".join(said) or "Changed nothing of the profile"


def _preferences(fact: PreferencesSet) -> str:
    return f"Wants notices of {_listed(fact.notices)}" if fact.notices else "Wants no notices"


def _merged(fact: LearnersMerged) -> str:
    if fact.side == "away":
        return f"The record was merged into {fact.into}"
    return f"Record {fact.merged} of the same person was merged into this one"


def _unmerged(fact: LearnersUnmerged) -> str:
    other = fact.into if fact.side == "away" else fact.merged
    return f"The record was taken apart from {other} again"


def _listed(words: Any) -> str:
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last


def _kept(fact: RetentionRulePublished) -> str:
    if fact.terms is None:
        return f"Retention rule {fact.rule} no longer applies"
    how_long = "for ever" if fact.terms.months is None else f"for {fact.terms.months:,} months"
    return f"Retention rule {fact.rule} was published: kept {how_long}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    ProfileChanged: _changed,
    PurposePublished: _purpose,
    RetentionRulePublished: _kept,
    PreferencesSet: _preferences,
    LearnersMerged: _merged,
    LearnersUnmerged: _unmerged,
}
