"""Which modules are open to a learner, and which have they earned?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from domain.catalogue.content import Content
from domain.catalogue.facts import SUBMITTABLE, Module, exact
from domain.engagement.facts import ModuleRelocked, ModuleUnlocked, Reached
from domain.enrolment.state import Enrolment


def is_open(module: Module | None, enrolment: Enrolment) -> bool:
    """Whether a module is open: it requires nothing, was unlocked, or was waived."""
    return (
        module is None
        or not module.requires
        or module.module in enrolment.unlocked
        or module.module in enrolment.waived
    )


def reached(
    module: str, content: Content, enrolment: Enrolment, watched: frozenset[str]
) -> Reached:
    """Return how far the learner is in a module; ``watched`` are the videos that they completed.

    The score is what counts of all that its items are worth, after penalties; what the learner is
    excused from is not asked for. An item is done when it was handed in or carried over, a video
    when it was watched, anything else when it was opened. A module without items is done.
    """
    results = enrolment.results
    items = [
        item
        for item in content.items.values()
        if item.module == module and item.item not in results.excused
    ]
    done, worth, earned = 0, Fraction(0), Fraction(0)
    for item in items:
        if item.kind in SUBMITTABLE:
            made = enrolment.attempts.get(item.item, ())
            done += item.item in results.banked or any(one.submitted_at for one in made)
            worth += exact(item.possible)
            counted = results.counted_of(item.item)
            share = None if counted is None else counted.score.share
            earned += (share or 0) * exact(item.possible)
        elif item.kind == "video":
            done += item.item in watched
        else:
            done += item.item in enrolment.viewed
    score = 100 * earned / worth if worth else Fraction(0)
    completion = Fraction(100 * done, len(items)) if items else Fraction(100)
    return Reached(module, str(score), str(completion))


def decided(
    content: Content, enrolment: Enrolment, watched: frozenset[str]
) -> Iterator[ModuleUnlocked | ModuleRelocked]:
    """Yield the modules that are earned now: score% >= minimum and completion% >= minimum, of all
    that they require [Open edX].

    What was unlocked stays so when a grade falls later, unless the run says that it relocks [Open
    edX and Moodle re-lock silently].
    """
    for module in content.modules.values():
        if not module.requires or module.module in enrolment.waived:
            continue
        basis = tuple(reached(one.module, content, enrolment, watched) for one in module.requires)
        earned = all(
            Fraction(is_now.score) >= exact(one.minimum_score)
            and Fraction(is_now.completion) >= exact(one.minimum_completion)
            for one, is_now in zip(module.requires, basis, strict=True)
        )
        if earned and module.module not in enrolment.unlocked:
            yield ModuleUnlocked(module.module, content.number, basis)
        elif not earned and content.relocks and module.module in enrolment.unlocked:
            yield ModuleRelocked(module.module, content.number, basis)
