"""Do readings count the same scores as decisions, whatever happened (credentials#718)?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.assessment.facts import AttemptStarted, SubmissionReceived
from domain.enrolment.facts import LearnerEnrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.counting import Counted, Score
from domain.kernel import Fact
from projections.progress import PROGRESS
from read_api.asof import fold
from read_api.queries.standing import since_beginning
from tests.readings import histories as h
from tests.readings.recorded import filled


def possible(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield what commands can bring about: an attempt is begun and handed in once before anything
    is said of it, and attempts at an item are counted from 1, anew when a learner begins afresh."""
    begun: dict[str, dict[str, bool]] = {}
    for fact in facts:
        item, attempt = getattr(fact, "item", ""), getattr(fact, "attempt", None)
        attempts = begun.setdefault(item, {})
        match fact:
            case LearnerEnrolled(afresh=True):
                begun.clear()
            case AttemptStarted():
                if attempt in attempts:
                    continue
                attempts[attempt] = False
                fact = replace(fact, number=len(attempts))
            case SubmissionReceived():
                if attempts.get(attempt):
                    continue
                attempts[attempt] = True
                fact = replace(fact, number=[*attempts].index(attempt) + 1)
            case _ if attempt is not None and attempt not in attempts:
                continue
        yield fact


LIVES = st.lists(h.of_enrolment, max_size=40).map(lambda facts: list(possible(facts)))


def read(facts: list[Fact]) -> tuple[dict[str, Counted], set[str]]:
    """Return the scores that count, and the items excused, as the readings tell them."""
    folded = fold(PROGRESS, filled([(h.enrolment("s1"), fact) for fact in facts]).envelopes)
    documents = folded.documents
    enrolment = _row(documents["enrolment"].get((h.RUN, "s1")))
    rows = [_row(document) for document in documents["item_progress"].values()]
    kept = since_beginning({"began_position": 0, **enrolment}, rows)
    return (
        {
            row["item"]: Counted(
                Score(row["raw"], row["possible"]), row["counts"], row["counts_attempt"]
            )
            for row in kept
            if row["raw"] is not None
        },
        {row["item"] for row in kept if row["excused_at"] is not None},
    )


def _row(document: Any) -> dict[str, Any]:
    names = () if document is None else document.__struct_fields__
    return {name: getattr(document, name) for name in names}


def decided(facts: list[Fact]) -> Enrolment:
    """Return the state that decisions rest on."""
    state = ENROLMENT.initial
    for envelope in filled([(h.enrolment("s1"), fact) for fact in facts]).envelopes:
        state = ENROLMENT.evolve(state, envelope.fact, envelope.occurred_at)
    return state


@settings(deadline=None, max_examples=300)
@given(LIVES)
def test_readings_count_what_decisions_count(facts: list[Fact]) -> None:
    """Item by item: score, what it rests on, which attempt; and who is excused from what. Also
    after a learner began the run afresh."""
    results = decided(facts).results
    counted, excused = read(facts)
    assert counted == results.counted()
    assert excused == set(results.excused)
