"""What must decisions know of a rule of retention?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.kernel import StreamKind
from domain.retention.facts import RetentionRulePublished, Rule


class Retention(msgspec.Struct, frozen=True):
    """A rule as it was published last."""

    terms: Rule | None = None
    number: int = 0


def evolve_retention(_state: Retention, fact: RetentionRulePublished, _at: datetime) -> Retention:
    """Take one fact in. Never refuses."""
    return Retention(fact.terms, fact.number)


RETENTION = StreamKind("retention", Retention(), evolve_retention, (RetentionRulePublished,))
