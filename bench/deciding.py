"""What does deciding a command cost, with state at hand?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from commands.decision import Context
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    ContentVersionPublished,
    Cutoff,
    GradingPolicyPublished,
    Item,
    LatePolicy,
    RunScheduled,
    WeightedPolicy,
)
from domain.engagement.facts import ItemViewed
from domain.enrolment.facts import LearnerEnrolled
from domain.enrolment.state import ENROLMENT
from domain.grading.facts import SubmissionGraded
from domain.kernel import Fact
from domain.streams import REGISTRY

DECISIONS_A_ROUND = 2_000
PAGES, ITEMS = 903, 48
DECIDE_US_MAX = 20.0
TENANT, RUN, SUBJECT = "main", "AAA-2013J", "s1"
LATE, OWN = "AAA-2014B", "AAA-2014J"
AT = datetime(2013, 10, 20, 12, tzinfo=UTC)
LEARNER = {"run": RUN, "subject": SUBJECT}
STREAM = f"{TENANT}/{ENROLMENT.name}/{RUN}/{SUBJECT}"
COMMON: dict[str, dict[str, Any]] = {
    "enrol-learner": {"run": RUN, "subject": "s2", "mode": "verified"},
    "view-item": {**LEARNER, "item": "p-last"},
    "watch-video": {**LEARNER, "item": "v1", "start_ms": 0, "end_ms": 30_000, "session": "s"},
    "submit-work": {**LEARNER, "item": "i0", "attempt": "new"},
    "grade-submission": {**LEARNER, "item": "i0", "attempt": "1", "raw": "75.5", "grader": "g"},
    "withdraw-learner": LEARNER,
}
"""The common commands, each of which has something to record."""

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, body) for name, body in COMMON.items()},
    f"enrol-learner_after_{ITEMS}_dates": ("enrol-learner", {"run": LATE, "subject": "s3"}),
    f"enrol-learner_before_{ITEMS}_dates": ("enrol-learner", {"run": OWN, "subject": "s3"}),
}
"""Those, and enrolling where so many items were due before, or are due each at the learner's own
time, and have a score where the work is missing then."""


def _run(name: str, items: tuple[Item, ...]) -> tuple[tuple[str, Fact], ...]:
    starts, ends = AT - timedelta(days=20), AT + timedelta(days=200)
    modes = ("audit", "verified")
    scheduled = RunScheduled(
        name, "AAA", name, starts, ends, None, None, None, modes, ("verified",)
    )
    return (
        (f"{TENANT}/run/{name}", scheduled),
        (f"{TENANT}/run-content/{name}", ContentVersionPublished(name, 1, items)),
    )


def _scoring(name: str, items: tuple[Item, ...]) -> tuple[tuple[str, Fact], ...]:
    policy = WeightedPolicy((Category("A", "1"),), (Cutoff("Pass", 40),))
    published = GradingPolicyPublished(name, 1, policy, LatePolicy(missing="100"))
    return (*_run(name, items), (f"{TENANT}/run/{name}", published))


def _work(**terms: Any) -> tuple[Item, ...]:
    return tuple(Item(f"i{number}", "assignment", "Work", **terms) for number in range(ITEMS))


CATALOGUE: tuple[tuple[str, Fact], ...] = (
    *_run(
        RUN,
        (
            *_work(due=AT),
            Item("p-last", "page", "The last page"),
            Item("v1", "video", "Film", duration_ms=600_000),
        ),
    ),
    *_scoring(LATE, _work(due=AT - timedelta(days=1))),
    *_scoring(OWN, _work(due_after_s=86_400)),
)


def deciding(rounds: int) -> dict[str, float]:
    """Return what deciding each case takes, in microseconds."""
    states: dict[str, Any] = {STREAM: state_of(term())}
    for stream, fact in CATALOGUE:
        kind = REGISTRY.of(fact).kind
        states[stream] = kind.evolve(states.get(stream, kind.initial), fact, AT)
    found = {}
    for name, (command_name, body) in CASES.items():
        decision = DECISIONS[command_name]
        command = decision.model.model_validate(body)
        refs = decision.streams(command, TENANT)
        known = [states.get(ref.name, ref.kind.initial) for ref in refs]
        further = decision.more(command, TENANT, *known)
        known += [states.get(ref.name, ref.kind.initial) for ref in further]
        context, decide = Context(AT, DEVELOPMENT), decision.decide
        if not list(decide(command, context, *known)):
            raise AssertionError(f"{name} decides nothing")

        def many(decide: Any = decide, asked: Any = (command, context, *known)) -> None:
            for _ in range(DECISIONS_A_ROUND):
                list(decide(*asked))

        found[name] = median(timed(many) for _ in range(rounds)) / DECISIONS_A_ROUND * 1e6
    return found


def timed(work: Callable[[], object]) -> float:
    """Return the processor's seconds: what else runs on the machine does not count."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def term() -> list[Fact]:
    """A learner's term: pages opened, work handed in and graded."""
    facts: list[Fact] = [LearnerEnrolled("verified")]
    facts += [ItemViewed(f"p{number}") for number in range(PAGES)]
    for number in range(ITEMS):
        facts.append(SubmissionReceived(f"i{number}", "1", 1, 1, AT))
        facts.append(SubmissionGraded(f"i{number}", "1", "60", "100", "g"))
    return facts


def state_of(facts: Sequence[Fact]) -> Any:
    """Return what the facts of an enrolment leave."""
    state, evolve = ENROLMENT.initial, ENROLMENT.evolve
    for fact in facts:
        state = evolve(state, fact, AT)
    return state
