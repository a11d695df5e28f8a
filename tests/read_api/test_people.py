"""Are learners found as people by those who may, and is a person one however many records?"""

from __future__ import annotations

from domain.access import Principal, Role
from tests.read_api.world import CONTENT, COURSE, RUN, World

ADA = {
    "subject": "ada",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "student_number": "U-1815",
    "language": "en-GB",
}


def told(name: str) -> dict[str, object]:
    """A field that is open."""
    return {"value": name, "erased": False}


def test_a_person_is_known_as_told(empty: World) -> None:
    """Name, addresses, preferences and goals, now and as they were."""
    empty.command("register-learner", **ADA)
    first = empty.position
    again = empty.command("register-learner", **ADA)
    assert again["status"] == "unchanged"
    same = empty.command("change-profile", subject="ada", email="ada@example.org")
    assert same["status"] == "unchanged"
    empty.command("change-profile", subject="ada", email="a@example.com", clear=["language"])
    empty.command("set-preferences", subject="ada", notices=["grades"])
    empty.command("set-goals", subject="ada", goals=[{"text": "Pass", "by": "2014-06-25"}])
    found = empty.get("learners/ada/profile")
    assert found["name"] == told("Ada Lovelace")
    assert found["email"] == told("a@example.com")
    assert found["language"] is None
    assert found["notices"] == ["grades"]
    assert found["goals"]["value"] == [{"text": "Pass", "by": "2014-06-25"}]
    assert found["address"] is None
    then = empty.get("learners/ada/profile", as_of_position=first)
    assert then["email"] == told("ada@example.org")
    assert then["language"] == "en-GB"
    assert then["goals"] is None
    assert empty.get("learners/ada")["facts"] == 4
    assert empty.get("learners/ada/enrolments")["enrolments"] == []
    history = empty.get("learners/ada/history")["facts"]
    assert [fact["sentence"] for fact in history][1] == (
        "Changed the e-mail address, removed the language"
    )
    assert all(fact["run"] is None for fact in history)
    empty.refused("/v1/learners/nobody/profile", 404)


def test_a_drawn_pseudonym_is_answered_again_with_its_key(empty: World) -> None:
    """A client that did not hear the answer learns it by sending the same again."""

    async def send() -> tuple[int, dict[str, object], str]:
        answer = await empty._client.post(
            "/v1/commands/register-learner",
            json={"name": "Grace"},
            headers={"Idempotency-Key": "grace"},
        )
        return answer.status_code, answer.json(), answer.headers["etag"]

    first, again = empty.run(send()), empty.run(send())
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["subject"] == again[1]["subject"]
    assert first[2] == again[2] == '"1"'


def test_the_learner_sees_their_own_and_nobody_else(empty: World) -> None:
    """An analyst is refused; a learner reads and keeps their own, but for what the institution
    keeps."""
    empty.command("register-learner", **ADA)
    own = empty.asked_by(Principal("ada", "main", "test", frozenset({Role.LEARNER})))
    assert own.get("learners/ada/profile")["name"] == told("Ada Lovelace")
    own.command("change-profile", subject="ada", email="a@example.com")
    own.refused("/v1/learners", 403)
    renamed = own.run(own.post("change-profile", {"subject": "ada", "name": "Countess"}))
    assert renamed.json()["rule"] == "profile-not-own-to-change"
    assert own.run(own.post("register-learner", {"subject": "eve"})).status_code == 403
    analyst = empty.asked_by(Principal("eve", "main", "test", frozenset({Role.ANALYST})))
    analyst.refused("/v1/learners/ada/profile", 403)
    analyst.refused("/v1/learners", 403)


def test_people_are_found_by_what_is_sealed(empty: World) -> None:
    """In parts of any name, address or number, whatever case and accents, page by page."""
    empty.command("register-learner", **ADA)
    empty.command("register-learner", subject="zoe", name="Zoë Ångström", email="z@example.org")
    empty.command("register-learner", subject="plain")

    def found(**asked: object) -> list[str]:
        return [one["subject"] for one in empty.get("learners", **asked)["learners"]]

    assert found() == ["ada", "plain", "zoe"]
    assert found(q="angstrom ZOE") == ["zoe"]
    assert found(q="u-1815") == ["ada"]
    assert found(q="example.org") == ["ada", "zoe"]
    assert found(q="nobody") == []
    page = empty.get("learners", limit=2)
    assert [one["subject"] for one in page["learners"]] == ["ada", "plain"]
    rest = empty.get("learners", limit=2, next=page["next"])
    assert [one["subject"] for one in rest["learners"]] == ["zoe"]
    assert rest["next"] is None


def test_two_records_of_one_person_are_shown_as_such(empty: World) -> None:
    """Each says where the other is; a run in which both have a place is named."""
    for name, body in (("create-course", COURSE), ("schedule-run", RUN)):
        empty.command(name, **body)
    empty.command("publish-content", **CONTENT)
    empty.command("register-learner", **ADA)
    for subject in ("ada", "old"):
        empty.command(
            "enrol-learner", run="AAA-2013J", subject=subject, occurred_at="2013-09-01T08:00:00Z"
        )
    merged = empty.command("merge-learners", subject="old", into="ada", reason="One card")
    away, stays = empty.get("learners/old/profile"), empty.get("learners/ada/profile")
    assert (away["merged_into"], away["stands_for"]) == ("ada", "ada")
    assert (stays["merged"], stays["enrolled_twice"]) == (["old"], ["AAA-2013J"])
    assert away["enrolled_twice"] == ["AAA-2013J"]
    assert len(empty.get("learners/old/enrolments")["enrolments"]) == 1
    page = empty.ask("/console/learners/old")
    assert "merged into" in page.text
    assert "Lovelace" in empty.ask("/console/learners/ada").text
    fact = empty.get(f"facts/{merged['facts'][0]['position']}", min_position=None)
    assert fact["data"]["reason"] == told("One card")
    refused = empty.run(empty.post("change-profile", {"subject": "old", "name": "A"}))
    assert refused.json()["merged_into"] == "ada"
    empty.command("unmerge-learners", subject="old", into="ada", reason="Two cards")
    assert empty.get("learners/old/profile")["merged_into"] is None
    assert empty.get("learners/ada/profile")["merged"] == []
