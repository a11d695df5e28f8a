"""How long is what is known of learners kept?"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.kernel import Fact

After = Literal["run-end", "withdrawal", "last-activity"]


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A learner's personal fields are kept for so many ``months`` after the end of the last of
    their runs, the last withdrawal, or the last that happened. None: for ever.

    It applies to whoever has a fact of one of these ``types``, and counts from those; none named:
    to everybody, from all facts.
    """

    after: After
    months: int | None
    types: tuple[str, ...] = ()


class RetentionRulePublished(Fact, frozen=True):
    """The rule is so from now on; None: it no longer applies. ``number`` counts from 1."""

    rule: str
    number: int
    terms: Rule | None
