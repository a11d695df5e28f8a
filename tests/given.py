"""Given these facts, when this command comes, then these facts follow (or this refusal)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from commands.decision import Context, Elsewhere
from commands.register import DECISIONS
from domain.access import DEVELOPMENT, Principal
from domain.catalogue.facts import (
    ContentVersionPublished,
    CourseCreated,
    Item,
    RunScheduled,
)
from domain.enrolment.facts import EnrolmentTransferred, LearnerEnrolled
from domain.kernel import Fact, Refusal
from domain.streams import REGISTRY

TENANT = "main"
COURSE_ID = "AAA"
RUN_ID = "AAA-2013J"
SUBJECT = "oulad-11391"
NOON = datetime(2013, 10, 20, 12, tzinfo=UTC)
"""When things happen in tests that do not say: within the run."""


class Placed(NamedTuple):
    """A fact, the stream that it stands in, and when it occurred."""

    stream: str
    fact: Fact
    at: datetime


def placed(fact: Fact, *, run: str = RUN_ID, subject: str = SUBJECT, at: datetime = NOON) -> Placed:
    """Say where a fact stands: by default with the usual learner in the usual run."""
    kind = REGISTRY.of(fact).kind.name
    own_run = getattr(fact, "run", run)
    if isinstance(fact, EnrolmentTransferred):
        own_run = fact.from_run if fact.direction == "out" else fact.to_run
    ids = {
        "course": (getattr(fact, "course", COURSE_ID),),
        "run": (own_run,),
        "run-content": (own_run,),
        "run-seats": (own_run,),
        "enrolment": (own_run, subject),
        "viewing": (own_run, subject),
        "peer-pool": (own_run, getattr(fact, "item", "")),
        "erasure": (subject,),
        "regrade": (own_run, getattr(fact, "batch", "")),
        "access": (getattr(fact, "holder", ""),),
        "administrators": ("all",),
        "learner": (subject,),
        "retention": (getattr(fact, "rule", ""),),
        "purpose": (getattr(fact, "purpose", ""),),
        "tenant": (getattr(fact, "tenant", ""),),
    }[kind]
    return Placed("/".join((TENANT, kind, *ids)), fact, at)


def mark(value: Any) -> str:
    """Stand in for the digest that a subject's key makes of a value."""
    return f"mark of {value}"


class Record:
    """All streams of a little institution in memory, as decisions see them."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {}
        self.history: list[Placed] = []

    def take(self, *facts: Fact | Placed) -> Self:
        """Record facts that happened."""
        for entry in facts:
            stream, fact, at = entry if isinstance(entry, Placed) else placed(entry)
            kind = REGISTRY.of(fact).kind
            before = self.states.get(stream, kind.initial)
            self.states[stream] = kind.evolve(before, fact, at)
            self.history.append(Placed(stream, fact, at))
        return self

    def decide(
        self, name: str, body: dict[str, Any], at: datetime, principal: Principal = DEVELOPMENT
    ) -> list[Placed]:
        """Decide a command as the pipeline does, and record nothing. Raises its refusal."""
        decision = DECISIONS[name]
        command = decision.model.model_validate(body)
        refs = decision.streams(command, TENANT)
        states = [self.states.get(ref.name, ref.kind.initial) for ref in refs]
        further = decision.more(command, TENANT, *states)
        states += [self.states.get(ref.name, ref.kind.initial) for ref in further]
        refs += further
        while onward := decision.onwards(TENANT, refs, states[-1]):
            refs += (onward,)
            states.append(self.states.get(onward.name, onward.kind.initial))
        decided = []
        for entry in list(decision.decide(command, Context(at, principal, mark), *states)):
            if isinstance(entry, Elsewhere):
                assert entry.stream.name in {ref.name for ref in refs}
                decided.append(Placed(entry.stream.name, entry.fact, at))
            else:
                home = next(ref for ref in refs if type(entry) in ref.kind.facts)
                assert home.kind.name not in decision.unconditioned
                decided.append(Placed(home.name, entry, at))
        if decided:
            decision.answer(tuple(entry.fact for entry in decided))
        return decided

    def when(
        self,
        command: str,
        at: datetime = NOON,
        principal: Principal = DEVELOPMENT,
        /,
        **body: Any,
    ) -> Answer:
        """Send a command; what it decides is recorded."""
        try:
            decided = self.decide(command, body, at, principal)
        except Refusal as refusal:
            return Answer(self, (), refusal)
        self.take(*decided)
        return Answer(self, tuple(decided), None)


class Answer(NamedTuple):
    """What came of a command."""

    record: Record
    decided: Sequence[Placed]
    refusal: Refusal | None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that were decided, in order."""
        return tuple(entry.fact for entry in self.decided)

    def then(self, *facts: Fact) -> Record:
        """Promise exactly these facts, and return the record with them."""
        assert self.refusal is None, self.refusal
        assert self.facts == facts
        return self.record

    def nothing(self) -> Record:
        """Promise that it is so already."""
        return self.then()

    def refused(self, by: type[Refusal], **values: Any) -> Record:
        """Promise a refusal by a rule that names these values; nothing was recorded."""
        assert self.facts == ()
        assert type(self.refusal) is by, self.refusal
        assert values.items() <= self.refusal.values.items(), self.refusal.values
        assert self.refusal.detail.endswith(".")
        return self.record


def given(*facts: Fact | Placed) -> Record:
    """Begin with a record in which these facts happened."""
    return Record().take(*facts)


def day(number: int, hour: int = 12) -> datetime:
    """Return an hour of a day of the run; day 0 is when it starts."""
    return datetime(2013, 10, 1, hour, tzinfo=UTC) + timedelta(days=number)


def run(run_id: str = RUN_ID, course: str = COURSE_ID, **changes: Any) -> RunScheduled:
    """A run of 269 days from 1 October 2013, in two modes."""
    fields: dict[str, Any] = {
        "title": f"Run {run_id}",
        "starts": day(0, 0),
        "ends": day(269, 0),
        "opens": None,
        "closes": None,
        "capacity": None,
        "modes": ("audit", "verified"),
        "certificate_modes": ("verified",),
    }
    return RunScheduled(run=run_id, course=course, **(fields | changes))


def content(
    *items: Item, run_id: str = RUN_ID, number: int = 1, removed: tuple[str, ...] = ()
) -> ContentVersionPublished:
    """A version of a run's content."""
    return ContentVersionPublished(run_id, number, items, removed=removed)


TMA = Item(
    "1752",
    "assignment",
    "TMA 1",
    category="TMA",
    due=datetime(2013, 10, 20, 23, 59, 59, 999_999, tzinfo=UTC),
)
"""An assignment that is due with the end of 20 October 2013."""

VIDEO = Item("v1", "video", "Welcome", duration_ms=300_000)
"""A video of five minutes."""

PAGE = Item("546614", "page", "Home page")

COURSE_FACT = CourseCreated(COURSE_ID, "Module AAA")
RUNNING = (COURSE_FACT, run(), content(TMA, VIDEO, PAGE))
"""A course with a run that has an assignment, a video and a page."""

ENROLLED = (*RUNNING, LearnerEnrolled("verified"))
"""The same, with the usual learner in it."""

LEARNER = {"run": RUN_ID, "subject": SUBJECT}
"""The fields by which commands name the usual learner in the usual run."""
