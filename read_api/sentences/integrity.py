"""How are identity, honour and violations told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    IntegrityPolicyPublished,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.kernel import Fact
from read_api.sentences.words import Title

PLAIN: Mapping[type[Fact], str] = {
    IntegrityPolicyPublished: "Integrity policy {f.number} was published",
    HonorCodeAccepted: "Accepted version {f.version} of the honour code",
    ViolationDismissed: "Violation {f.violation} was dismissed",
}


def _identified(fact: IdentityVerified) -> str:
    until = "" if fact.expires is None else f", until {fact.expires:%Y-%m-%d}"
    return f"Identity verified ({fact.method}){until}"


def _reported(fact: ViolationReported, title: Title) -> str:
    where = "" if fact.item is None else f" on {title(fact.item)}"
    return f"Violation {fact.violation} was reported: {fact.kind}{where}"


def _upheld(fact: ViolationUpheld) -> str:
    follows = ", ".join(fact.consequences) or "nothing"
    return f"Violation {fact.violation} was upheld; it follows: {follows}"


def _voided(fact: AttemptVoided, title: Title) -> str:
    return f"Attempt {fact.attempt} on {title(fact.item)} counts for nothing"


def _counts_again(fact: AttemptRestored, title: Title) -> str:
    return f"Attempt {fact.attempt} on {title(fact.item)} counts again"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    IdentityVerified: _identified,
    ViolationUpheld: _upheld,
}

OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    ViolationReported: _reported,
    AttemptVoided: _voided,
    AttemptRestored: _counts_again,
}
