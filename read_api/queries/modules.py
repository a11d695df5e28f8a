"""Which modules are open to a learner, and how far are they in each?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from domain.catalogue.content import Content
from domain.catalogue.facts import Module
from domain.engagement.gating import is_open
from domain.enrolment.state import Enrolment


class Required(msgspec.Struct, frozen=True):
    """What of another module must be reached, in per cent as exact decimal texts."""

    module: str
    minimum_score: str
    minimum_completion: str


class ModuleProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A module and how far the learner is in it. ``standing``: ``open`` requires nothing;
    ``unlocked`` was earned; ``waived``; ``locked``. Per cents are to two decimals, of what the
    learner is not excused from."""

    module: str
    title: str
    standing: str
    requires: list[Required]
    items: int
    done: int
    completion_percent: float
    score_percent: float | None


class Part(NamedTuple):
    """What is known of an item of the content, as far as modules go: whether it is done, what it is
    worth (None: it takes no work), and the share of that which the learner has."""

    module: str
    done: bool
    worth: Fraction | None
    share: Fraction


def modules_of(
    content: Content, enrolment: Enrolment, parts: Iterable[Part]
) -> list[ModuleProgress]:
    """Return the modules that the run's content describes, in order."""
    asked = list(parts)
    return [
        _one(module, enrolment, [part for part in asked if part.module == module.module])
        for module in content.modules.values()
    ]


def _one(module: Module, enrolment: Enrolment, parts: Sequence[Part]) -> ModuleProgress:
    done = sum(part.done for part in parts)
    worth = sum((part.worth for part in parts if part.worth is not None), Fraction(0))
    earned = sum((part.worth * part.share for part in parts if part.worth), Fraction(0))
    completion = Fraction(100 * done, len(parts)) if parts else Fraction(100)
    return ModuleProgress(
        module=module.module,
        title=module.title,
        standing=_standing(module, enrolment),
        requires=[
            Required(one.module, one.minimum_score, one.minimum_completion)
            for one in module.requires
        ],
        items=len(parts),
        done=done,
        completion_percent=float(round(completion, 2)),
        score_percent=float(round(100 * earned / worth, 2)) if worth else None,
    )


def _standing(module: Module, enrolment: Enrolment) -> str:
    if not is_open(module, enrolment):
        return "locked"
    if not module.requires:
        return "open"
    return "waived" if module.module in enrolment.waived else "unlocked"
