"""Do queries answer what was commanded, in the forms that the surface promises?"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from domain.access import Principal, Role
from projections.ports import StoreUnavailable
from tests.read_api.world import CONTENT, COURSE, IN_RUN, POLICY, RUN, World

ONE = "enrolments/AAA-2013J/s1"


def test_every_answer_says_which_moment_it_describes(furnished: World) -> None:
    for path in ("runs", "learners/s1", ONE, "analytics/overview", "search?q=module"):
        joint = "&" if "?" in path else "?"
        answer = furnished.ask(f"/v1/{path}{joint}min_position={furnished.position}")
        as_of = answer.json()["as_of"]
        assert as_of["position"] >= furnished.position
        assert as_of["recorded_at"].endswith("Z")
        assert "incomplete" not in answer.json()
        assert answer.headers["etag"].startswith('"')


def test_a_run_is_answered_with_its_items_in_order_and_its_policy(furnished: World) -> None:
    run = furnished.get("runs/AAA-2013J")
    assert [item["item"] for item in run["items"]] == ["1752", "1753", "546614", "v1"]
    assert run["policy"]["kind"] == "weighted"
    assert run["starts"] == "2013-10-01T00:00:00Z"
    assert furnished.get("courses/AAA")["title"] == "Module AAA"


@pytest.mark.parametrize(
    "path",
    ["courses/X", "runs/X", "runs/X/learners", "learners/X", "learners/X/enrolments",
     "learners/X/history", "enrolments/AAA-2013J/X", "enrolments/X/s1/grade", "certificates/X",
     "analytics/runs/X", "analytics/runs/X/daily", "analytics/runs/X/items", "facts/999999"],
)  # fmt: skip
def test_what_is_not_there_is_told_as_a_problem(furnished: World, path: str) -> None:
    assert furnished.refused(f"/v1/{path}", 404)["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    ("path", "field", "hint"),
    [
        ("runs?lmit=3", "lmit", "did you mean limit?"),
        ("runs?limit=501", "limit", "less than or equal to 500"),
        ("runs?limit=x", "limit", "integer"),
        ("runs?next=nonsense", "next", "cursor"),
        ("runs?sort=colour", "sort", "must be one of"),
        ("runs?min_position=-1", "min_position", "greater than or equal to 0"),
        ("runs?min_position=99999999999999999999", "min_position", "less than or equal"),
        ("learners/s1?as_of_position=1&as_of_recorded=2026-01-01T00:00:00Z", "as_of_recorded",
         "one moment only"),
        ("learners/s1?as_of_position=99999", "as_of_position", "beyond the log"),
        ("learners/s1?as_of_occurred=2013-10-01", "as_of_occurred", "timezone"),
        ("learners/s1?as_of_occurred=0001-01-01T00:00:00%2B14:00", "as_of_occurred", "range"),
        ("learners/s1/history?type=Nothing", "type", "no facts of type"),
        ("learners/s1/history?order=up", "order", "pattern"),
        ("search", "q", "required"),
        ("search?q=%20", "q", "characters"),
        ("search?q=a%00b", "q", "pattern"),
        ("search?q=a&kind=person", "kind", "must be one of"),
        ("runs/a%20b", "run", "pattern"),
        ("facts/0", "position", "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(furnished: World, path: str, field: str, hint: str) -> None:
    (error,) = furnished.refused(f"/v1/{path}", 422)["errors"]
    assert error["field"] == field
    assert hint in error["message"]


def test_an_etag_is_the_version_of_the_stream_and_saves_a_second_answer(furnished: World) -> None:
    first = furnished.ask(f"/v1/{ONE}")
    assert first.headers["etag"] == f'"{first.json()["version"]}"'
    for path in (ONE, "runs/AAA-2013J", f"{ONE}/progress", "courses/AAA", "search?q=tma"):
        tag = furnished.ask(f"/v1/{path}").headers["etag"]
        again = furnished.ask(f"/v1/{path}", **{"if-none-match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert furnished.ask(f"/v1/{path}", **{"if-none-match": '"other"'}).status_code == 200


def test_a_run_whose_content_moved_is_answered_in_full(empty: World) -> None:
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    empty.get("runs/AAA-2013J")
    assert empty.ask("/v1/runs/AAA-2013J", **{"if-none-match": '"1"'}).status_code == 304
    empty.command("publish-content", **CONTENT)
    empty.get("runs/AAA-2013J")
    answer = empty.ask("/v1/runs/AAA-2013J", **{"if-none-match": '"1"'})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 4


def test_a_query_waits_for_a_position_and_says_what_it_reached(furnished: World) -> None:
    beyond = furnished.position + 1_000
    answer = furnished.ask(f"/v1/runs?min_position={beyond}")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"] == "/problems/not-yet"
    assert answer.json()["reached"] >= furnished.position


def test_a_client_reads_its_own_writes(empty: World) -> None:
    for number in range(10):
        empty.command("create-course", course=f"C{number}", title="A course")
        assert empty.get(f"courses/C{number}")["as_of"]["position"] >= empty.position


@pytest.mark.parametrize("sort", ["run", "-run", "starts", "-starts", "title", "-enrolled"])
def test_a_list_in_parts_has_every_row_once_and_in_order(empty: World, sort: str) -> None:
    empty.command("create-course", **COURSE)
    for number in range(7):
        starts = f"2013-10-0{1 + number // 2}T00:00:00Z"
        empty.command("schedule-run", **RUN | {"run": f"R{number}", "starts": starts})
    whole = [row["run"] for row in empty.get("runs", sort=sort)["runs"]]
    parts: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = empty.get("runs", sort=sort, limit=2, next=cursor)
        parts += [row["run"] for row in page["runs"]]
        cursor = page["next"]
    assert cursor is None
    assert parts == whole
    assert sorted(parts) == [f"R{number}" for number in range(7)]
    first = empty.get("runs", sort=sort, limit=2)["next"]
    other = "run" if sort != "run" else "title"
    assert empty.refused(f"/v1/runs?sort={other}&next={first}", 422)["errors"][0]["field"] == "next"


@pytest.mark.parametrize("sort", ["subject", "-last_occurred_at", "enrolled_at", "-percent"])
def test_the_learners_of_a_run_come_in_parts(furnished: World, sort: str) -> None:
    whole = furnished.get("runs/AAA-2013J/learners", sort=sort)["learners"]
    first = furnished.get("runs/AAA-2013J/learners", sort=sort, limit=1)
    second = furnished.get("runs/AAA-2013J/learners", sort=sort, limit=1, next=first["next"])
    assert first["learners"] + second["learners"] == whole
    assert second["next"] is None
    passed = furnished.get("runs/AAA-2013J/learners", outcome="pass")["learners"]
    assert [row["subject"] for row in passed] == ["s1"]


def test_progress_counts_what_is_done_against_the_content_in_force(furnished: World) -> None:
    found = furnished.get(f"{ONE}/progress")
    assert (found["items_done"], found["items_total"]) == (3, 4)
    assert found["completion_percent"] == 75
    items = {item["item"]: item for item in found["items"]}
    assert items["1753"]["late_seconds"] == 12 * 3600 + 1
    assert items["1752"]["score_percent"] == 78
    assert items["v1"]["covered"] == [[0, 30_000]]
    assert items["v1"]["coverage_percent"] == 10
    assert not items["v1"]["done"]


def test_the_grade_worked_out_now_is_the_one_that_was_recorded(furnished: World) -> None:
    grade = furnished.get(f"{ONE}/grade", explain="true")
    facts = furnished.get("learners/s1/history", type="CourseGradeComputed")["facts"]
    recorded = facts[-1]["data"]
    assert grade["basis"] == "board"
    assert grade["outcome"]["result"] == "pass"
    for field in ("percent", "letter", "exact", "inputs_hash", "policy_number"):
        assert grade["current"][field] == recorded[field]
    assert grade["official"] == {"percent": 69, "letter": "Pass"}
    (category,) = grade["explanation"]["categories"]
    assert [item["raw"] for item in category["items"]] == ["78", "60"]
    assert "explanation" not in furnished.get(f"{ONE}/grade")


def test_personal_fields_are_opened_for_who_may_read_them_only(furnished: World) -> None:
    opened = furnished.get(ONE)["demographics"]
    assert opened == {"value": {"gender": "F", "region": "Wales"}, "erased": False}
    grader = Principal("anna", "main", "tool", frozenset({Role.GRADER}))
    closed = {"value": None, "erased": True}
    assert furnished.asked_by(grader).get(ONE)["demographics"] == closed
    assert furnished.but(opener=NoKeys()).get(ONE)["demographics"] == closed


class NoKeys:
    """Keys that were destroyed."""

    async def open(self, _tenant: str, _subject: str, sealed: list[Any]) -> list[None]:
        return [None for _ in sealed]


def test_a_history_is_told_in_words_and_in_parts(furnished: World) -> None:
    whole = furnished.get("learners/s1/history")["facts"]
    assert [fact["position"] for fact in whole] == sorted(fact["position"] for fact in whole)
    said = [fact["sentence"] for fact in whole]
    assert said[:3] == ["Enrolled, mode verified", "Submitted TMA 1", "TMA 1 was graded 78 of 100"]
    assert "Submitted TMA 2, 13 hours late" in said
    assert all("demographics" not in fact["data"] for fact in whole)
    for order, wanted in (("oldest", whole), ("newest", whole[::-1])):
        parts: list[Any] = []
        cursor: str | None = None
        while not parts or cursor:
            page = furnished.get("learners/s1/history", order=order, limit=4, next=cursor)
            parts += page["facts"]
            cursor = page["next"]
        assert parts == wanted


def test_a_history_is_filtered_by_type_and_run(furnished: World) -> None:
    path = "learners/s1/history?type=SubmissionReceived&type=SubmissionGraded"
    facts = furnished.ask(f"/v1/{path}").json()["facts"]
    assert [fact["type"] for fact in facts] == ["SubmissionReceived", "SubmissionGraded"] * 2
    assert furnished.get("learners/s1/history", run="BBB")["facts"] == []


def test_a_fact_shows_its_envelope_and_what_the_same_command_recorded(furnished: World) -> None:
    graded = furnished.get("learners/s1/history", type="CourseGradeComputed")["facts"][0]
    answer = furnished.ask(f"/v1/facts/{graded['position']}").json()
    assert answer["stream"] == "main/enrolment/AAA-2013J/s1"
    assert answer["sentence"] == graded["sentence"]
    assert [one["type"] for one in answer["together"]] == ["CoursePassed"]
    assert answer["cause"] is None


def test_analytics_add_up(furnished: World) -> None:
    run = furnished.get("analytics/runs/AAA-2013J")
    assert (run["totals"]["enrolled"], run["totals"]["late"], run["late_share"]) == (2, 1, 50)
    days = furnished.get("analytics/runs/AAA-2013J/daily")["days"]
    assert sum(day["submissions"] for day in days) == run["totals"]["submissions"]
    items = furnished.get("analytics/runs/AAA-2013J/items")["items"]
    assert items[0]["learners_by_score"] == [0] * 7 + [1] + [0] * 3
    assert (items[0]["mean_percent"], items[0]["raw_sum"]) == (78, "78")
    overview = furnished.get("analytics/overview")
    assert overview["totals"] == run["totals"]
    assert overview["runs"][0]["run"] == "AAA-2013J"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("modul", {"AAA", "AAA-2013J"}),
        ("module october", {"AAA-2013J"}),
        ("tma", {"1752", "1753"}),
        ("assignments", {"1752", "1753"}),
        ("s1", {"s1"}),
        ("S1", {"s1"}),
        ("546614", {"546614"}),
        ("aaa-2013j", {"AAA-2013J"}),
        ("nothing like it", set()),
    ],
)
def test_search_finds_words_beginnings_and_ids(
    furnished: World, words: str, found: set[str]
) -> None:
    hits = furnished.get("search", q=words)["hits"]
    assert found <= {hit["id"] for hit in hits}
    assert bool(found) == bool(hits)


def test_search_puts_an_exact_id_first_marks_words_and_counts_kinds(furnished: World) -> None:
    found = furnished.get("search", q="AAA-2013J")
    assert found["hits"][0]["exact"]
    assert found["hits"][0]["kind"] == "run"
    tma = furnished.get("search", q="tma", kind="item", limit=1)
    assert tma["hits"][0]["highlight"][0] == {"text": "TMA", "match": True}
    assert (tma["total"], tma["facets"]["item"]) == (2, 2)
    rest = furnished.get("search", q="tma", kind="item", limit=1, next=tma["next"])
    assert rest["hits"][0]["id"] != tma["hits"][0]["id"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "words",
    ['"', "'", "\\", ":*", "-", "!", "(", "a & b", "or", "-or", "a'b", "the", "🙂", "a\\'b:*"],
)
def test_search_takes_whatever_people_type(furnished: World, words: str) -> None:
    assert furnished.get("search", q=words)["q"] == words


def certify(one: World) -> dict[str, Any]:
    """Let a learner pass, with a certificate; return which enrolment that is."""
    one.command("create-course", **COURSE)
    one.command("schedule-run", **RUN)
    s1 = IN_RUN | {"subject": "s1"}
    one.command("enrol-learner", **s1, mode="verified", occurred_at="2013-09-01T08:00:00Z")
    one.command("record-outcome", **s1, result="pass")
    one.command("issue-certificate", **s1)
    return s1


def test_a_certificate_stays_readable_when_it_is_revoked(empty: World) -> None:
    """Its identifier, result and course [Open edX's older model blanked them]."""
    s1 = certify(empty)
    name = empty.get(ONE)["certificate"]
    found = empty.get(f"certificates/{name}")
    assert (found["valid"], found["result"], found["course_title"]) == (True, "pass", "Module AAA")
    empty.command("revoke-certificate", **s1, certificate=name, reason="Issued by mistake.")
    found = empty.get(f"certificates/{name}")
    assert (found["valid"], found["result"]) == (False, "pass")
    assert found["reason"] == {"value": "Issued by mistake.", "erased": False}


def test_a_corrected_certificate_supersedes_the_old_one(empty: World) -> None:
    """Whoever verifies the old one is told so, and finds what it said. Source: rules.md."""
    s1 = certify(empty)
    empty.command("record-outcome", **s1, result="distinction")
    old = empty.get(ONE)["certificate"]
    why = "The board corrected the result."
    answer = empty.command("reissue-certificate", **s1, certificate=old, reason=why)
    new = empty.get(ONE)["certificate"]
    assert (answer["certificate"], answer["supersedes"]) == (new, old)
    found, before = empty.get(f"certificates/{new}"), empty.get(f"certificates/{old}")
    assert (found["valid"], found["result"], found["supersedes"]) == (True, "distinction", old)
    assert (before["valid"], before["result"], before["superseded_by"]) == (False, "pass", new)
    assert (before["revoked_at"], before["reason"]["value"]) == (None, why)
    page = empty.ask(f"/console/certificates/{old}").text
    assert "Superseded" in page
    assert f"/console/certificates/{new}" in page
    assert why not in page
    totals = empty.get("analytics/runs/AAA-2013J")["totals"]
    assert (totals["certificates"], totals["revoked"]) == (1, 0)


def test_a_certificate_says_the_grade_that_every_view_says(empty: World) -> None:
    """One grade, wherever it is looked at. Source: rules.md (credentials#718)."""
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    empty.command("publish-content", **CONTENT)
    empty.command("publish-grading-policy", **POLICY)
    s1 = IN_RUN | {"subject": "s1"}
    empty.command("enrol-learner", **s1, mode="verified", occurred_at="2013-09-01T08:00:00Z")
    for item, raw in (("1752", "78"), ("1753", "60")):
        work = s1 | {"item": item, "attempt": "1"}
        empty.command("submit-work", **work, occurred_at="2013-10-18T12:00:00Z")
        empty.command("grade-submission", **work, raw=raw, grader="tutor")
    empty.command("compute-grade", **s1)
    empty.certified("AAA-2013J", "s1")
    enrolment = empty.get(ONE)
    certificate = empty.get(f"certificates/{enrolment['certificate']}")
    grade = empty.get(f"{ONE}/grade")
    (row,) = empty.get("runs/AAA-2013J/learners")["learners"]
    told = {certificate["percent"], enrolment["percent"], row["percent"]}
    assert told | {grade["official"]["percent"], grade["current"]["percent"]} == {69}


def test_certificates_that_waited_are_issued_when_grades_are_released(empty: World) -> None:
    """By the policy, for all who passed while they were withheld; the run says how it stands."""
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    empty.command("withhold-grades", run="AAA-2013J")
    assert empty.get("runs/AAA-2013J")["grades_released"] is False
    for subject in ("s1", "s2"):
        own = IN_RUN | {"subject": subject}
        empty.command("enrol-learner", **own, mode="verified", occurred_at="2013-09-01T08:00:00Z")
        empty.command("record-outcome", **own, result="pass")
    assert empty.get(ONE)["certificate"] is None
    empty.command("release-grades", run="AAA-2013J")
    for subject in ("s1", "s2"):
        empty.certified("AAA-2013J", subject)
        assert empty.get(f"enrolments/AAA-2013J/{subject}")["certificate"]


def test_an_enrolment_tells_what_counts_beside_grades(empty: World) -> None:
    """Honour code, identity, allow list and bar; as of before, too."""
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    s1 = IN_RUN | {"subject": "s1"}
    asked = {"honor_code": "2013-1", "identity_modes": ["verified"]}
    empty.command("publish-integrity-policy", run="AAA-2013J", **asked)
    told = empty.get("runs/AAA-2013J")["integrity"]
    assert (told["honor_code"], told["identity_modes"]) == ("2013-1", ["verified"])
    enrolled = empty.command(
        "enrol-learner", **s1, mode="verified", occurred_at="2013-09-01T08:00:00Z"
    )
    empty.command("accept-honor-code", **s1, version="2013-1")
    empty.command("verify-identity", **s1, method="in-person", expires="2099-01-01T00:00:00Z")
    empty.command("allow-certificate", **s1, reason="Lost paper")
    empty.command("bar-certificate", **s1, reason="Fees")
    found = empty.get(ONE)["integrity"]
    assert (found["certificate_allowed"], found["certificate_barred"]) == (True, True)
    assert (found["honor_code"], found["identity_expires"]) == ("2013-1", "2099-01-01T00:00:00Z")
    before = empty.get(ONE, as_of_position=enrolled["position"])["integrity"]
    assert (before["honor_code"], before["certificate_barred"]) == (None, False)
    page = empty.ask("/console/learners/s1").text
    assert "version 2013-1 accepted" in page
    assert "barred" in page


def test_a_violation_and_what_follows_are_told(empty: World) -> None:
    """The finding with its consequences, the attempt that counts for nothing, and the page."""
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    empty.command("publish-content", **CONTENT)
    penalties = [{"kind": "plagiarism", "consequences": ["void-attempt", "bar-certificate"]}]
    empty.command("publish-integrity-policy", run="AAA-2013J", penalties=penalties)
    s1 = IN_RUN | {"subject": "s1"}
    empty.command("enrol-learner", **s1, mode="verified", occurred_at="2013-09-01T08:00:00Z")
    work = s1 | {"item": "1752", "attempt": "1"}
    empty.command("submit-work", **work, occurred_at="2013-10-18T12:00:00Z")
    empty.command("grade-submission", **work, raw="78", grader="tutor")
    found = s1 | {"violation": "v1"}
    empty.command("report-violation", **found, kind="plagiarism", item="1752", report="Copied.")
    empty.command("uphold-violation", **found, reason="Admitted.")
    (told,) = empty.get(ONE)["integrity"]["violations"]
    assert (told["finding"], told["kind"], told["item"]) == ("upheld", "plagiarism", "1752")
    assert told["consequences"] == ["void-attempt", "bar-certificate"]
    assert empty.get(ONE)["integrity"]["certificate_barred"]

    def item() -> dict[str, Any]:
        items = empty.get(f"{ONE}/progress")["items"]
        return next(one for one in items if one["item"] == "1752")

    assert (item()["raw"], item()["attempts_detail"][0]["voided"]) == (None, True)
    page = empty.ask("/console/learners/s1").text
    assert "Violation v1" in page
    assert "upheld" in page
    empty.command("dismiss-violation", **found, reason="The source was quoted.")
    assert (item()["raw"], item()["attempts_detail"][0]["voided"]) == ("78", False)
    assert not empty.get(ONE)["integrity"]["certificate_barred"]


ESSAY = {
    "item": "essay",
    "kind": "peer-task",
    "title": "Essay on anything",
    "peer": {
        "must_grade": 1,
        "must_be_graded_by": 1,
        "criteria": [{"name": "all", "possible": 5}],
    },
}


def test_peer_review_from_the_claim_to_the_score(empty: World) -> None:
    """The score comes by itself with the last review that it waits for; pool, learner and pages
    tell how it stands, as of before, too."""
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    empty.command("publish-content", run="AAA-2013J", items=[ESSAY])
    for subject in ("s1", "s2"):
        own = IN_RUN | {"subject": subject}
        empty.command("enrol-learner", **own, occurred_at="2013-09-01T08:00:00Z")
        empty.command("submit-work", **own, item="essay", attempt="1")
    about = {"item": "essay", "review": "r"}
    made = about | {"parts": [{"criterion": "all", "points": 4}]}
    answer = empty.command("claim-review", **IN_RUN, subject="s1", **about)
    assert (answer["author"], answer["attempt"]) == ("s2", "1")
    (duty,) = empty.get(f"{ONE}/peer-reviews")["duties"]
    assert (duty["owed"], duty["done"], duty["received"]) == (1, 0, 0)
    assert (duty["review"], duty["author"]) == ("r", "s2")
    (pool,) = empty.get("runs/AAA-2013J/peer-pools")["pools"]
    assert (pool["submissions"], pool["open"], pool["title"]) == (2, 1, "Essay on anything")
    assert "reviewing until" in empty.ask("/console/learners/s1").text
    claimed = empty.position

    empty.command("submit-review", **IN_RUN, subject="s1", **made)
    empty.command("claim-review", **IN_RUN, subject="s2", **about)
    empty.command("submit-review", **IN_RUN, subject="s2", **made)
    for subject in ("s1", "s2"):
        empty.told("PeerScoreFinalized", "AAA-2013J", subject)
    (item,) = empty.get(f"{ONE}/progress")["items"]
    assert (item["raw"], item["possible"]) == ("4", "5")
    (duty,) = empty.get(f"{ONE}/peer-reviews")["duties"]
    assert (duty["done"], duty["received"], duty["raw"], duty["reviews"]) == (1, 1, "4", 1)
    (before,) = empty.get(f"{ONE}/peer-reviews", as_of_position=claimed)["duties"]
    assert (before["done"], before["received"], before["review"]) == (0, None, "r")
    pool = empty.get("runs/AAA-2013J/items/essay/peer-pool", limit=1)
    (first,) = pool["submissions"]
    assert (first["author"], first["received"], first["open"], first["raw"]) == ("s1", 1, 0, "4")
    following = empty.get("runs/AAA-2013J/items/essay/peer-pool", limit=1, next=pool["next"])
    assert [one["author"] for one in following["submissions"]] == ["s2"]
    assert following["next"] is None
    assert "Peer review" in empty.ask("/console/runs/AAA-2013J").text
    assert "scored from 1" in empty.ask("/console/learners/s1").text
    empty.refused("/v1/runs/AAA-2013J/items/none/peer-pool", 404)


def test_an_answer_about_a_parked_key_says_that_it_is_incomplete(empty: World, dsn: str) -> None:
    empty.command("create-course", **COURSE)
    empty.command("schedule-run", **RUN)
    for subject in ("s1", "s2"):
        enrolled = IN_RUN | {"subject": subject, "occurred_at": "2013-09-01T08:00:00Z"}
        empty.command("enrol-learner", **enrolled)
    empty.get(ONE)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            """insert into readings.parked (name, generation, documents, key, position, error)
               select name, generation, 'enrolment', '["main","AAA-2013J","s1"]', 3, 'broken'
               from readings.state where name = 'progress' and live"""
        )
    assert empty.get(ONE)["incomplete"]["since"].endswith("Z")
    assert "incomplete" in empty.get("runs/AAA-2013J/learners")
    assert "incomplete" not in empty.get("enrolments/AAA-2013J/s2")
    assert "incomplete" not in empty.get("runs/AAA-2013J")


class Away:
    """Views that cannot be reached."""

    def at(self, *_: str, **__: str | None) -> Any:
        raise StoreUnavailable("the server does not answer")


def test_a_store_that_is_away_is_told_without_its_insides(furnished: World) -> None:
    answer = furnished.but(views=Away()).ask("/v1/runs")
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/store-unavailable"
    assert "retry-after" in answer.headers
    assert "server does not answer" not in answer.text
