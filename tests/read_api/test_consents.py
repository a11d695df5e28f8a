"""Is consent shown as it stands and stood, and heeded; and is what is wrong shown as such?"""

from __future__ import annotations

from domain.access import Principal, Role
from tests.read_api.world import CONTENT, COURSE, IN_RUN, RUN, World

PURPOSE = {"purpose": "analytics", "basis": "consent", "title": "Analytics", "text": "What you do"}
ANALYST = Principal("eve", "main", "test", frozenset({Role.ANALYST}))


def enrolled(world: World) -> None:
    """A run with two learners."""
    for name, body in (("create-course", COURSE), ("schedule-run", RUN)):
        world.command(name, **body)
    world.command("publish-content", **CONTENT)
    for subject in ("s1", "s2"):
        world.command(
            "enrol-learner", **IN_RUN, subject=subject, occurred_at="2013-09-01T08:00:00Z"
        )


def test_consent_stands_while_it_is_to_what_is_in_force(empty: World) -> None:
    """Now, and as of any moment."""
    empty.command("publish-purpose", **PURPOSE)
    given = empty.command("give-consent", subject="s1", purpose="analytics", version=1)["position"]
    (said,) = empty.get("learners/s1/consents")["consents"]
    assert (said["version"], said["in_force"], said["stands"]) == (1, 1, True)
    empty.command("publish-purpose", **PURPOSE | {"text": "More"})
    (said,) = empty.get("learners/s1/consents")["consents"]
    assert (said["version"], said["in_force"], said["stands"]) == (1, 2, False)
    (then,) = empty.get("learners/s1/consents", as_of_position=given)["consents"]
    assert (then["in_force"], then["stands"]) == (1, True)
    empty.command("withdraw-consent", subject="s1", purpose="analytics")
    (said,) = empty.get("learners/s1/consents")["consents"]
    assert said["withdrawn_at"] is not None
    (purpose,) = empty.get("purposes")["purposes"]
    assert (purpose["version"], purpose["basis"], purpose["text"]) == (2, "consent", "More")
    own = empty.asked_by(Principal("s1", "main", "test", frozenset({Role.LEARNER})))
    assert own.get("purposes")["purposes"]
    own.refused("/v1/learners/s2/consents", 403)


def test_an_analyst_is_told_of_those_who_agree(empty: World) -> None:
    """Where the purpose is published and asks for consent; others who see events see all."""
    enrolled(empty)
    analyst = empty.asked_by(ANALYST)

    def subjects(world: World) -> set[str]:
        async def page() -> set[str]:
            answer = await world._client.get(
                "/v1/events",
                params={"after": 0, "type": "LearnerEnrolled"},
                headers={"accept": "application/json"},
            )
            return {event["subject"] for event in answer.json()["events"]}

        world.get("purposes", min_position=empty.position)
        return world.run(page())

    assert subjects(analyst) == {"s1", "s2"}
    empty.command("publish-purpose", **PURPOSE)
    assert subjects(analyst) == set()
    empty.command("give-consent", subject="s1", purpose="analytics", version=1)
    assert subjects(analyst) == {"s1"}
    assert subjects(empty) == {"s1", "s2"}
    empty.command("withdraw-consent", subject="s1", purpose="analytics")
    assert subjects(analyst) == set()
    empty.command("publish-purpose", **PURPOSE | {"basis": "public-task"})
    assert subjects(analyst) == {"s1", "s2"}


def test_what_is_wrong_is_shown_as_such(empty: World) -> None:
    """On the fact, on the correction, and in histories as of when it was known."""
    enrolled(empty)
    facts = empty.get("learners/s1/history")["facts"]
    wrong = facts[0]
    corrected = empty.command(
        "correct-record",
        subject="s1",
        position=wrong["position"],
        fact=wrong["id"],
        statement="It was the 2nd of September.",
    )
    at = corrected["position"]
    empty.get("learners/s1/consents")
    shown = empty.get(f"facts/{wrong['position']}", min_position=None)
    assert shown["corrected_by"]["position"] == at
    correction = empty.get(f"facts/{at}", min_position=None)
    assert correction["corrects"]["id"] == wrong["id"]
    assert correction["data"]["statement"]["value"] == "It was the 2nd of September."
    now = empty.get("learners/s1/history")["facts"]
    assert [fact["corrected_by"] for fact in now] == [at, None]
    before = empty.get("learners/s1/history", as_of_position=at - 1)["facts"]
    assert [fact["corrected_by"] for fact in before] == [None]
    assert "said to be wrong" in empty.ask(f"/console/facts/{wrong['position']}").text
    other = empty.get("learners/s2/history")["facts"][0]
    assert empty.get(f"facts/{other['position']}", min_position=None)["corrected_by"] is None
