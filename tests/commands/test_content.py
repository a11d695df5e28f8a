"""How does content become what learners see, and which contents are refused?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.catalogue.facts import (
    ContentDrafted,
    ContentVersionPublished,
    CourseCreated,
    DraftDiscarded,
    Item,
    Module,
    Objective,
    Prerequisite,
    PrerequisiteSet,
    Requirement,
    RunArchived,
)
from domain.catalogue.rules import (
    DraftOutdated,
    DraftUnknown,
    ItemUnknown,
    PrerequisiteCircular,
    RunIsArchived,
    RunUnknown,
)
from tests.given import COURSE_FACT, ENROLLED, LEARNER, RUN_ID, RUNNING, given, run

QUIZ = {"item": "q", "kind": "quiz", "title": "Quiz", "module": "two", "objectives": ["o1"]}
PAGE = {"item": "p", "kind": "page", "title": "Page", "module": "one"}
WHOLE: dict[str, Any] = {
    "run": RUN_ID,
    "items": [PAGE, QUIZ],
    "modules": [
        {"module": "one"},
        {
            "module": "two",
            "title": "Second",
            "requires": [{"module": "one", "minimum_completion": "50"}],
        },
    ],
    "objectives": [{"objective": "o1", "text": "Count"}],
    "relocks": True,
    "changes": "Two modules.",
}
ITEMS = (
    Item("p", "page", "Page", module="one"),
    Item("q", "quiz", "Quiz", module="two", objectives=("o1",)),
)
MODULES = (Module("one"), Module("two", "Second", (Requirement("one", "0", "50"),)))
OBJECTIVES = (Objective("o1", "Count"),)
BEGUN = (COURSE_FACT, run())


def published(number: int, draft: int | None = None) -> ContentVersionPublished:
    """The whole content above, as a version."""
    return ContentVersionPublished(
        RUN_ID,
        number,
        ITEMS,
        "Two modules.",
        modules=MODULES,
        objectives=OBJECTIVES,
        relocks=True,
        draft=draft,
    )


def test_content_is_published_with_modules_and_objectives() -> None:
    """As it stands already, nothing; another module's terms are another version."""
    record = given(*BEGUN).when("publish-content", **WHOLE).then(published(1))
    record.when("publish-content", **{**WHOLE, "changes": "Told otherwise."}).nothing()
    answer = record.when("publish-content", **{**WHOLE, "relocks": False})
    assert [fact.number for fact in answer.facts] == [2]  # type: ignore[attr-defined]


def test_a_draft_is_published_as_the_next_version() -> None:
    """Until then nobody sees it; afterwards it is there no more."""
    drafted = ContentDrafted(RUN_ID, 1, 0, ITEMS, "Two modules.", MODULES, OBJECTIVES, relocks=True)
    record = given(*BEGUN).when("draft-content", **WHOLE).then(drafted)
    record.when("draft-content", **WHOLE).nothing()
    record.when("publish-draft", run=RUN_ID, draft=1).then(published(1, draft=1))
    record.when("publish-draft", run=RUN_ID, draft=1).nothing()
    record.when("publish-draft", run=RUN_ID, draft=2).refused(DraftUnknown, current_draft=None)


def test_what_is_drafted_cannot_be_used() -> None:
    """An item of a draft is no item of the run."""
    record = given(*ENROLLED)
    record.when("draft-content", **WHOLE)
    record.when("view-item", **LEARNER, item="p").refused(ItemUnknown)
    record.when("submit-work", **LEARNER, item="q", attempt="1").refused(ItemUnknown)


def test_a_draft_gives_its_place_to_the_next() -> None:
    """Only the latest can be published or discarded."""
    record = given(*RUNNING)
    record.when("draft-content", **WHOLE)
    record.when("draft-content", **{**WHOLE, "relocks": False})
    record.when("publish-draft", run=RUN_ID, draft=1).refused(DraftUnknown, current_draft=2)
    record.when("discard-draft", run=RUN_ID, draft=1).refused(DraftUnknown, current_draft=2)
    record.when("discard-draft", run=RUN_ID, draft=2).then(DraftDiscarded(RUN_ID, 2))
    record.when("discard-draft", run=RUN_ID, draft=2).nothing()
    record.when("publish-draft", run=RUN_ID, draft=2).refused(DraftUnknown)
    record.when("discard-draft", run=RUN_ID, draft=3).refused(DraftUnknown)


def test_a_draft_never_undoes_what_was_published_since() -> None:
    """It says which version it rests on; drafting the same again rests it on the new one."""
    record = given(*RUNNING)
    record.when("draft-content", **WHOLE)
    record.when("publish-content", run=RUN_ID, items=[PAGE])
    record.when("publish-draft", run=RUN_ID, draft=1).refused(
        DraftOutdated, base=1, content_version=2
    )
    (again,) = record.when("draft-content", **WHOLE).facts
    assert (again.draft, again.base) == (2, 2)  # type: ignore[attr-defined]
    assert record.when("publish-draft", run=RUN_ID, draft=2).facts


@pytest.mark.parametrize("command", ["draft-content", "publish-draft"])
def test_an_archived_run_is_not_changed(command: str) -> None:
    """Nor one that is not there."""
    body = WHOLE if command == "draft-content" else {"run": RUN_ID, "draft": 1}
    given(*BEGUN, RunArchived(RUN_ID)).when(command, **body).refused(RunIsArchived)
    given(*BEGUN).when(command, **{**body, "run": "X"}).refused(RunUnknown)


def requires(*modules: tuple[str, str]) -> dict[str, Any]:
    """Modules of which each requires the other named."""
    return {
        "modules": [
            {"module": one, "requires": [{"module": other}] if other else []}
            for one, other in modules
        ],
        "items": [],
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": [PAGE, PAGE]}, "items: names p twice"),
        ({"modules": [{"module": "one"}]}, "items.1.module"),
        ({"objectives": []}, "items.1.objectives"),
        ({"modules": [{"module": "one"}, {"module": "one"}]}, "modules: names one twice"),
        (requires(("a", "b")), "modules.0.requires: there is no module b"),
        (requires(("a", "a")), "modules.0.requires: module a waits for itself"),
        (requires(("a", "b"), ("b", "c"), ("c", "a")), "modules.0.requires: module a waits"),
        ({"items": [{**PAGE, "opens": "2014-01-02T00:00:00Z", "due": "2014-01-01T00:00:00Z"}]},
         "opens: must not come after due"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["publish-content", "draft-content"])
def test_content_that_contradicts_itself_is_refused(
    command: str, body: dict[str, Any], field: str
) -> None:
    """Before it is published, naming the field."""
    with pytest.raises(ValidationError, match=field):
        DECISIONS[command].model.model_validate({**WHOLE, **body})


def test_a_circle_of_prerequisites_is_refused() -> None:
    """However long it is, naming the field and the way round; a long chain is none."""
    courses = [CourseCreated(name, name) for name in "ABCD"]
    chain = [PrerequisiteSet(one, Prerequisite(other)) for one, other in (("A", "B"), ("B", "C"))]
    record = given(*courses, *chain)
    body = {"course": "C", "prerequisite": {"course": "A"}}
    record.when("set-prerequisite", **body).refused(
        PrerequisiteCircular, field="prerequisite.course", path=["C", "A", "B", "C"]
    )
    record.when("set-prerequisite", course="C", prerequisite={"course": "D"}).then(
        PrerequisiteSet("C", Prerequisite("D"))
    )
    record.when("set-prerequisite", course="D", prerequisite={"course": "B"}).refused(
        PrerequisiteCircular, path=["D", "B", "C", "D"]
    )
    record.when("set-prerequisite", course="B", prerequisite=None).then(PrerequisiteSet("B", None))
    assert record.when("set-prerequisite", **body).facts
