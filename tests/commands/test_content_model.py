"""Do drafts and versions of a run's content go as a plain list of versions says?"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.catalogue.facts import ContentDrafted, ContentVersionPublished
from domain.catalogue.rules import DraftOutdated, DraftUnknown
from tests.given import NOON, RUN_ID, RUNNING, Answer, given

TITLES = ("Ants", "Bees", "Cats")


class Versions(RuleBasedStateMachine):
    """One run's content, and beside the product: the titles of each version in a list, and the
    draft as a number, the version it rests on, and a title."""

    def __init__(self) -> None:
        super().__init__()
        self.record = given(*RUNNING[:2])
        self.versions: list[str] = []
        self.draft: tuple[int, int, str] | None = None
        self.drafted = 0
        self.published: set[int] = set()
        self.archived = False

    def _send(self, command: str, **body: Any) -> Answer:
        answer = self.record.when(command, NOON, run=RUN_ID, **body)
        again = self.record.when(command, NOON, run=RUN_ID, **body)
        assert not again.decided
        return answer

    @staticmethod
    def _whole(title: str) -> dict[str, Any]:
        return {"items": [{"item": "a", "kind": "page", "title": title}]}

    @rule(title=st.sampled_from(TITLES))
    def draft_another(self, title: str) -> None:
        answer = self._send("draft-content", **self._whole(title))
        if self.draft is not None and self.draft[1:] == (len(self.versions), title):
            assert not answer.decided
            assert answer.refusal is None
        elif self.archived:
            assert answer.refusal is not None
        else:
            (fact,) = answer.facts
            assert isinstance(fact, ContentDrafted)
            self.drafted += 1
            self.draft = (self.drafted, len(self.versions), title)
            assert (fact.draft, fact.base) == self.draft[:2]

    @rule(title=st.sampled_from(TITLES))
    def publish(self, title: str) -> None:
        answer = self._send("publish-content", **self._whole(title))
        if self.versions and self.versions[-1] == title:
            assert not answer.decided
            assert answer.refusal is None
        elif self.archived:
            assert answer.refusal is not None
        else:
            self._published(answer, title)

    @rule(number=st.integers(1, 4))
    def publish_draft(self, number: int) -> None:
        answer = self._send("publish-draft", draft=number)
        if number in self.published:
            assert not answer.decided
            assert answer.refusal is None
        elif self.archived:
            assert answer.refusal is not None
        elif self.draft is None or self.draft[0] != number:
            assert isinstance(answer.refusal, DraftUnknown)
        elif self.draft[1] != len(self.versions):
            assert isinstance(answer.refusal, DraftOutdated)
        else:
            self._published(answer, self.draft[2])
            self.published.add(number)
            self.draft = None

    @rule(number=st.integers(1, 4))
    def discard(self, number: int) -> None:
        answer = self._send("discard-draft", draft=number)
        if answer.decided:
            assert self.draft is not None
            assert self.draft[0] == number
            self.draft = None

    @rule()
    def archive(self) -> None:
        self._send("archive-run")
        self.archived = True

    def _published(self, answer: Answer, title: str) -> None:
        (fact,) = answer.facts
        assert isinstance(fact, ContentVersionPublished)
        self.versions.append(title)
        assert fact.number == len(self.versions)
        assert [item.title for item in fact.items] == [title]

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every version stays as it was published, under its number."""
        facts = [one.fact for one in self.record.history]
        known = [one for one in facts if isinstance(one, ContentVersionPublished)]
        assert [(one.number, one.items[0].title) for one in known] == [
            (number, title) for number, title in enumerate(self.versions, 1)
        ]


Versions.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestVersions = Versions.TestCase
