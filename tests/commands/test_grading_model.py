"""Does grading do what a plain model does, whatever is sent in whatever order?"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicyPublished,
    Item,
    LatePolicy,
    WeightedPolicy,
)
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, SUBJECT, content, given

ITEMS = ("a", "b", "c")
DUE = NOON + timedelta(days=10)
DAY = 86_400
DROP = 1
WHY = {"reason": "why"}
NAMES = st.sampled_from(ITEMS)
SCORES = st.integers(0, 100)


class Model:
    """What a run with one category, one drop, and a late policy of 10% a day comes to: dicts, and
    arithmetic on decimals."""

    def __init__(self) -> None:
        self.attempts: dict[str, dict[str, tuple[int, Decimal | None]]] = {i: {} for i in ITEMS}
        self.overrides: dict[str, int] = {}
        self.excused: set[str] = set()
        self.due = dict.fromkeys(ITEMS, DUE)

    def left(self, item: str, submitted: datetime, raw: Decimal) -> Decimal:
        """The points of an attempt after its penalty."""
        late = (submitted - self.due[item]).total_seconds()
        if late <= 0:
            return raw
        percent = min(Decimal(10 * ceil(late / DAY)), max(raw - 20, Decimal(0)))
        return raw - percent.quantize(Decimal("0.01"), ROUND_HALF_UP)

    def score(self, item: str, times: dict[tuple[str, str], datetime]) -> Decimal | None:
        """The points that count."""
        if item in self.overrides:
            return Decimal(self.overrides[item])
        scores = [
            self.left(item, times[item, attempt], raw)
            for attempt, (_, raw) in self.attempts[item].items()
            if raw is not None
        ]
        return max(scores, default=None)

    def share(self, times: dict[tuple[str, str], datetime]) -> Fraction:
        """The grade: the mean of all but the lowest, of items that are not excused."""
        kept = [self.score(item, times) or Decimal(0) for item in ITEMS if item not in self.excused]
        kept = sorted(kept)[DROP:]
        return Fraction(sum(kept)) / 100 / len(kept) if kept else Fraction(0)


class Grading(RuleBasedStateMachine):
    """Sends commands, each of them twice, and compares with the model."""

    def __init__(self) -> None:
        super().__init__()
        items = (Item(name, "quiz", name, category="TMA", due=DUE) for name in ITEMS)
        policy = WeightedPolicy((Category("TMA", "1", 0, DROP),), (Cutoff("Pass", 50),))
        self.record = given(
            *ENROLLED,
            content(*items, number=2),
            GradingPolicyPublished(RUN_ID, 1, policy, LatePolicy("10", DAY, "20")),
        )
        self.model = Model()
        self.times: dict[tuple[str, str], datetime] = {}
        self.now = NOON

    def send(self, command: str, **body: Any) -> None:
        """Send a command, which is to be taken, and again, which decides nothing."""
        answer = self.record.when(command, self.now, **LEARNER, **body)
        assert answer.refusal is None, answer.refusal
        self.record.when(command, self.now, **LEARNER, **body).nothing()

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(item=NAMES)
    def submit(self, item: str) -> None:
        made = self.model.attempts[item]
        attempt = str(len(made) + 1)
        self.send("submit-work", item=item, attempt=attempt)
        made[attempt] = (len(made) + 1, None)
        self.times[item, attempt] = self.now

    @precondition(lambda self: self.times)
    @rule(data=st.data(), raw=SCORES)
    def grade(self, data: st.DataObject, raw: int) -> None:
        item, attempt = data.draw(st.sampled_from(sorted(self.times)))
        self.send("grade-submission", item=item, attempt=attempt, raw=raw, grader="g")
        number, _ = self.model.attempts[item][attempt]
        self.model.attempts[item][attempt] = (number, Decimal(raw))

    @rule(item=NAMES, score=SCORES)
    def override(self, item: str, score: int) -> None:
        self.send("override-score", item=item, score=score, **WHY)
        self.model.overrides[item] = score

    @rule(item=NAMES)
    def remove_override(self, item: str) -> None:
        self.send("remove-override", item=item, **WHY)
        self.model.overrides.pop(item, None)

    @rule(item=NAMES)
    def excuse(self, item: str) -> None:
        self.send("excuse-item", item=item, **WHY)
        self.model.excused.add(item)

    @rule(item=NAMES)
    def withdraw_excuse(self, item: str) -> None:
        self.send("withdraw-excuse", item=item, **WHY)
        self.model.excused.discard(item)

    @rule(item=NAMES, days=st.integers(0, 5))
    def extend(self, item: str, days: int) -> None:
        due = DUE + timedelta(days=days)
        self.send("grant-extension", item=item, due=due.isoformat(), **WHY)
        self.model.due[item] = due

    @invariant()
    def the_scores_are_those_of_the_model(self) -> None:
        counted = self.results.counted()
        for item in ITEMS:
            score = self.model.score(item, self.times)
            one = counted.get(item)
            assert (None if one is None else Decimal(one.score.raw)) == score
        assert self.results.excused == self.model.excused

    @invariant()
    def the_grade_is_that_of_the_model(self) -> None:
        self.record.when("compute-grade", self.now, **LEARNER)
        self.record.when("compute-grade", self.now, **LEARNER).nothing()
        grade = self.results.grade
        assert Fraction(grade.exact) == self.model.share(self.times)
        if grade.percent >= 50:
            assert self.results.passed is True

    @property
    def results(self) -> Any:
        """What decisions know."""
        return self.record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"].results


Grading.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)
TestGrading = Grading.TestCase
