"""What is told of whose record another policy would change?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from domain.grading.what_if import Comparison, Verdict


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag="change", tag_field="kind"):
    """What stands on a learner's record, and what would if it were computed under the other policy.

    Where no grade is ``recorded`` no batch of regrades computes one, and ``before`` is what the
    policy in force would give. ``higher``: a batch that is only to raise grades would take it.
    """

    subject: str
    before: Verdict
    after: Verdict
    recorded: bool
    higher: bool


class Moves(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of regrades would do to the grades on record: how many per cents would rise,
    fall and stay, and how many learners would have passed by it, or would no more."""

    rise: int
    fall: int
    stay: int
    passed: int
    passed_no_more: int


class Compared(msgspec.Struct, frozen=True, kw_only=True, tag="result", tag_field="kind"):
    """How many learners would have another grade, another pass state, another certificate; as of a
    position of the log. ``recorded`` of them have a grade on record: what a batch of regrades would
    do to these, and what it would where it is only to raise grades."""

    run: str
    learners: int
    grades: int
    passes: int
    certificates: int
    recorded: int
    regrade: Moves
    only_if_higher: Moves
    position: int


def changes_of(found: Mapping[str, Comparison]) -> list[Changed]:
    """Return whose record would come to something else, by subject."""
    return [
        Changed(subject=subject, **one._asdict())
        for subject, one in sorted(found.items())
        if one.before != one.after
    ]


def sums_of(
    run: str, learners: int, recorded: int, changed: Collection[Changed], position: int
) -> Compared:
    """Return the sums of what would change."""

    def differ(name: str) -> int:
        return sum(getattr(one.before, name) != getattr(one.after, name) for one in changed)

    grades = sum(
        (one.before.percent, one.before.letter) != (one.after.percent, one.after.letter)
        for one in changed
    )
    return Compared(
        run=run,
        learners=learners,
        grades=grades,
        passes=differ("passed"),
        certificates=differ("certificate"),
        recorded=recorded,
        regrade=_moves(recorded, [one for one in changed if one.recorded]),
        only_if_higher=_moves(recorded, [one for one in changed if one.recorded and one.higher]),
        position=position,
    )


def _moves(recorded: int, changed: Collection[Changed]) -> Moves:
    rise = sum((one.after.percent or 0) > (one.before.percent or 0) for one in changed)
    fall = sum((one.after.percent or 0) < (one.before.percent or 0) for one in changed)
    return Moves(
        rise=rise,
        fall=fall,
        stay=recorded - rise - fall,
        passed=sum(one.after.passed and not one.before.passed for one in changed),
        passed_no_more=sum(one.before.passed and not one.after.passed for one in changed),
    )
