"""What does deciding cost with state at hand, and what does it cost to have it?

Decisions are timed alone, on the states that a learner's term of 1,000 facts leaves; enrolling also
in runs with 48 due dates, gone by or the learner's own, whose missing work has a score. Then that
term is loaded from PostgreSQL and evolved to a state, beside the ``eventsourcing`` library, whose
repository loads the same as events of an ``Aggregate``; ``bare`` is evolving alone, on both sides.
And a learner with 50,000 view facts sends commands through the pipeline and the log. A grade is
computed over a hundred items with drops, under each policy.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.deciding import (
    AT,
    CASES,
    CATALOGUE,
    DECIDE_US_MAX,
    ITEMS,
    PAGES,
    RUN,
    STREAM,
    SUBJECT,
    TENANT,
    deciding,
    state_of,
    term,
    timed,
)
from bench.grading import GRADE_MS_MAX, grading
from bench.report import Report, median_ratio
from bench.rig import library_environment, run, server
from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.ports import Append, NewFact
from commands.register import DECISIONS
from commands.requests import Recorded
from domain.access import DEVELOPMENT
from domain.assessment.facts import SubmissionReceived
from domain.engagement.facts import ItemViewed
from domain.enrolment.facts import LearnerEnrolled
from domain.enrolment.state import ENROLMENT
from domain.grading.facts import SubmissionGraded
from domain.kernel import Envelope, Fact
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog

ROUNDS, QUICK_ROUNDS = 9, 5
LOADS_A_ROUND = 5
VIEWS = 50_000
APPEND_FACTS = 4_000
COMMANDS, QUICK_COMMANDS = 400, 100
ANSWER_MS_MAX = 5.0
GOALS = {"library": 5.0}


def measure(*, quick: bool) -> Report:
    """Decide, load histories, and send commands to a learner with a long one."""
    rounds, commands = (QUICK_ROUNDS, QUICK_COMMANDS) if quick else (ROUNDS, COMMANDS)
    figures = {f"{name}_us": cost for name, cost in deciding(rounds).items()}
    limits = {f"{name}_us": DECIDE_US_MAX for name in CASES}
    limits["views_answer_ms_p99"] = ANSWER_MS_MAX
    for name, cost in grading(rounds).items():
        figures[f"{name}_ms"], limits[f"{name}_ms"] = cost, GRADE_MS_MAX
    with server() as postgres:
        took = run(_loading(postgres.dsn, rounds))
    for name, times in took.items():
        figures[f"{name}_us_per_fact"] = median(times) * 1e6
    with server() as postgres:
        first, later = run(_answers(postgres.dsn, commands))
    figures |= {
        "views": float(VIEWS),
        "views_first_answer_ms": first,
        "views_answer_ms_median": median(later),
        "views_answer_ms_p99": quantiles(later, n=100)[98],
    }
    ratios = {
        "library": median_ratio(took["library"], took["ours"]),
        "library_bare": median_ratio(took["library_bare"], took["ours_bare"]),
    }
    return Report("decide", ratios, GOALS, figures, limits)


class Studied(Aggregate):
    """The same term as an aggregate of the library's."""

    @event("Enrolled")
    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.viewed: set[str] = set()
        self.attempts: dict[str, list[str]] = {}
        self.marks: dict[str, tuple[str, str]] = {}

    @event("Viewed")
    def view(self, item: str) -> None:
        """An item was opened."""
        self.viewed.add(item)

    @event("Submitted")
    def submit(self, item: str, attempt: str) -> None:
        """Work was handed in."""
        self.attempts.setdefault(item, []).append(attempt)

    @event("Graded")
    def grade(self, item: str, attempt: str, raw: str, possible: str) -> None:
        """An attempt was scored."""
        self.marks[f"{item}/{attempt}"] = (raw, possible)


def _aggregate(facts: Sequence[Fact]) -> Studied:
    studied = Studied("verified")
    for fact in facts:
        match fact:
            case ItemViewed(item=item):
                studied.view(item)
            case SubmissionReceived(item=item, attempt=attempt):
                studied.submit(item, attempt)
            case SubmissionGraded(item=item, attempt=attempt, raw=raw, possible=possible):
                studied.grade(item, attempt, raw, possible)
    return studied


async def _loading(dsn: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds a fact that loading and evolving take, on both sides, in turns."""
    facts = term()
    studied = _aggregate(facts)
    events = list(studied.pending_events)
    library: Application[UUID] = Application(env=library_environment(dsn))
    library.save(studied)
    took: dict[str, list[float]] = {"ours": [], "library": [], "ours_bare": [], "library_bare": []}
    async with PostgresLog(dsn, REGISTRY) as log:
        await _record(log, [(STREAM, fact) for fact in facts])

        async def load() -> Any:
            return _evolved(await log.read_streams({STREAM: 0}))

        for number in range((rounds + 1) * LOADS_A_ROUND):
            begun = time.perf_counter()
            state = await load()
            loaded = time.perf_counter()
            aggregate: Any = library.repository.get(studied.id)
            got = time.perf_counter()
            if len(state.viewed) != PAGES or len(aggregate.viewed) != PAGES:
                raise AssertionError("not all was loaded")
            if number >= LOADS_A_ROUND:  # the first ones warm up
                took["ours"].append((loaded - begun) / len(facts))
                took["library"].append((got - loaded) / len(facts))
                took["ours_bare"].append(timed(lambda: state_of(facts)) / len(facts))
                took["library_bare"].append(timed(lambda: _mutated(events)) / len(facts))
    library.close()
    return took


def _evolved(found: Mapping[str, Sequence[Envelope]]) -> Any:
    state, evolve = ENROLMENT.initial, ENROLMENT.evolve
    for envelope in found[STREAM]:
        state = evolve(state, envelope.fact, envelope.occurred_at)
    return state


def _mutated(events: Sequence[Any]) -> Any:
    aggregate = None
    for one in events:
        aggregate = one.mutate(aggregate)
    return aggregate


async def _answers(dsn: str, commands: int) -> tuple[float, list[float]]:
    def clock() -> datetime:
        return AT

    took: list[float] = []
    async with PostgresLog(dsn, REGISTRY) as log:
        views = [ItemViewed(f"p{number}") for number in range(VIEWS)]
        history: list[Fact] = [LearnerEnrolled("verified"), *views]
        await _record(log, [*CATALOGUE, *((STREAM, fact) for fact in history)])
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, clock)
        reader = CommandReader(DECISIONS, b"secret" * 6, clock)
        for number in range(commands + 1):
            body = f'{{"run":"{RUN}","subject":"{SUBJECT}","item":"i{number % ITEMS}"'
            body += f',"attempt":"a{number}"}}'
            request = reader.read("submit-work", body.encode(), DEVELOPMENT)
            begun = time.perf_counter()
            answer = await pipeline.execute(request)
            took.append((time.perf_counter() - begun) * 1_000)
            if not isinstance(answer, Recorded):
                raise AssertionError(answer)
    return took[0], took[1:]


async def _record(log: PostgresLog, facts: Sequence[tuple[str, Fact]]) -> None:
    """Record facts that are the first of their streams, many at a time."""
    versions: dict[str, int] = {}
    for begin in range(0, len(facts), APPEND_FACTS):
        new = []
        for stream, fact in facts[begin : begin + APPEND_FACTS]:
            versions[stream] = version = versions.get(stream, 0) + 1
            body = REGISTRY.encode(_envelope(stream, version, fact))
            new.append(NewFact(stream, version, type(fact).__name__, TENANT, SUBJECT, body))
        await log.submit(Append(tuple(new)))


def _envelope(stream: str, version: int, fact: Fact) -> Envelope:
    identity = str(UUID(int=version))
    return Envelope(
        position=0,
        recorded_at=AT,
        version=version,
        stream=stream,
        id=identity,
        type=type(fact).__name__,
        schema=fact.schema,
        occurred_at=AT,
        tenant=TENANT,
        subject=SUBJECT,
        actor="bench",
        command_id=identity,
        correlation_id=identity,
        causation_id=None,
        fact=fact,
    )
