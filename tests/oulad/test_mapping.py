"""Are rows told as the right commands, in the right order, at the right times?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.importers.oulad.catalogue import catalogue_parcels
from infra.importers.oulad.enrolments import Enrolments, enrolled_day
from infra.importers.oulad.fates import Sendable
from infra.importers.oulad.tables import (
    AssessmentRow,
    CourseRow,
    InfoRow,
    RegistrationRow,
    SubmissionRow,
    Tables,
    VleRow,
    WrongData,
    example_folder,
    read_tables,
)
from infra.importers.oulad.times import Calendar

COURSE = CourseRow("AAA", "2013J", 268)
TMA = AssessmentRow("AAA", "2013J", "1752", "TMA", 19, Decimal("10.0"))
EXAM = AssessmentRow("AAA", "2013J", "1757", "Exam", None, Decimal("100.0"))
INFO = InfoRow("AAA", "2013J", "7", "M", None, None, None, "0-35", 0, 60, False, "Withdrawn")


def told(
    *submissions: SubmissionRow,
    registered: int | None = -10,
    unregistered: int | None = None,
    info: InfoRow | None = INFO,
) -> list[Sendable]:
    """Return the commands of one enrolment with these rows."""
    registration = RegistrationRow("AAA", "2013J", "7", registered, unregistered)
    tables = Tables(
        (COURSE,), (TMA, EXAM), (), (info,) if info else (), (registration,), submissions
    )
    return Enrolments(tables).commands("AAA-2013J", "7")


def submission(day: int, *, banked: bool = False, score: str | None = "80") -> SubmissionRow:
    """Work of the learner for the TMA."""
    return SubmissionRow("1752", "7", day, banked, score)


def times(commands: list[Sendable]) -> list[tuple[str, str]]:
    """Return name and time of each command."""
    return [(command.name, command.body["occurred_at"]) for command in commands]


def test_an_enrolment_is_told_in_the_order_of_time() -> None:
    """Register 08:00, submit 12:00, grade 18:00, unregister 20:00, outcome at the end."""
    assert times(told(submission(5), unregistered=5)) == [
        ("enrol-learner", "2013-09-21T08:00:00Z"),
        ("submit-work", "2013-10-06T12:00:00Z"),
        ("grade-submission", "2013-10-06T18:00:00Z"),
        ("withdraw-learner", "2013-10-06T20:00:00Z"),
        ("record-outcome", "2014-06-26T22:00:00Z"),
    ]


def test_work_after_unregistration_is_sent_and_left_to_the_rules() -> None:
    """The importer drops nothing: refusing is the rules' business."""
    names = [command.name for command in told(submission(9), unregistered=5)]
    assert names.index("withdraw-learner") < names.index("submit-work")


def test_work_without_a_score_is_not_graded() -> None:
    """A null score is a submission without a grade."""
    names = [command.name for command in told(submission(5, score=None))]
    assert "submit-work" in names
    assert "grade-submission" not in names


def test_a_banked_result_from_before_registration_comes_in_with_the_learner() -> None:
    """It cannot be in a run before the learner is, so it is carried in at that moment."""
    commands = told(submission(-30, banked=True))
    assert times(commands)[:2] == [
        ("enrol-learner", "2013-09-21T08:00:00Z"),
        ("transfer-result", "2013-09-21T08:00:00Z"),
    ]
    assert commands[1].body["raw"] == "80"


def test_a_banked_result_without_a_score_stays_unknown() -> None:
    """What is unknown is left out."""
    (banked,) = [c for c in told(submission(3, banked=True, score=None)) if "transfer" in c.name]
    assert "raw" not in banked.body


@pytest.mark.parametrize(
    ("days", "unregistered", "expected"),
    [((), None, 0), ((12,), None, 0), ((-3, 4), None, -3), ((), -20, -20), ((-3,), -1, -3)],
)
def test_an_unknown_day_of_registration_is_bounded(
    days: tuple[int, ...], unregistered: int | None, expected: int
) -> None:
    """The run's start, or an earlier submission or unregistration: the earliest that is known."""
    registration = RegistrationRow("AAA", "2013J", "7", None, unregistered)
    assert enrolled_day(registration, [submission(day) for day in days]) == expected


def test_an_unknown_day_of_registration_is_said_to_be_unknown() -> None:
    """The time sent is only a bound, and the fact says so."""
    assert told(registered=None)[0].body["day_known"] is False
    assert "day_known" not in told()[0].body


def test_unknown_demographics_are_left_out() -> None:
    """Nothing is invented, and nothing empty is stored."""
    assert told()[0].body["demographics"] == {
        "gender": "M",
        "age_band": "0-35",
        "disability": False,
        "previous_attempts": 0,
        "studied_credits": 60,
    }
    assert "demographics" not in told(info=None)[0].body


def test_the_outcome_waits_for_work_after_the_end() -> None:
    """The board meets when nothing of this learner is to come."""
    assert times(told(submission(300)))[-1] == ("record-outcome", "2014-07-28T22:00:00Z")


def test_a_learner_twice_in_one_table_is_an_error() -> None:
    """Two rows would share their keys, and one of them would vanish."""
    with pytest.raises(WrongData, match="student 7 is twice"):
        Enrolments(Tables((COURSE,), (), (), (INFO, INFO), (), ()))


def test_a_run_is_announced_with_its_content_and_policy() -> None:
    """Due is the last microsecond of the due day; an unknown day stays unknown."""
    site = VleRow("546614", "AAA", "2013J", "homepage", None, None)
    _, run = catalogue_parcels(Tables((COURSE,), (TMA, EXAM), (site,), (), (), ()))
    schedule, content, policy = (command.body for command in run)
    assert (schedule["starts"], schedule["ends"]) == (
        "2013-10-01T00:00:00Z",
        "2014-06-26T00:00:00Z",
    )
    tma, exam, page = content["items"]
    assert tma["due"] == "2013-10-20T23:59:59.999999Z"
    assert tma["weight"] == "10"
    assert "due" not in exam
    assert (page["kind"], page["label"]) == ("page", "homepage")
    assert [category["name"] for category in policy["policy"]["categories"]] == ["TMA", "Exam"]


def test_category_weights_add_up_to_one_in_every_run() -> None:
    """Exactly, also where the shares are thirds; a type without weight has no category."""
    for parcel in list(catalogue_parcels(read_tables(example_folder())))[1:]:
        policy: dict[str, Any] = parcel[2].body["policy"]
        weights = [Decimal(category["weight"]) for category in policy["categories"]]
        assert sum(weights) == 1
        assert min(weights) > 0


def test_every_row_of_the_data_gives_rise_to_commands_under_keys_of_their_own() -> None:
    """None is dropped, and no two commands share a key."""
    tables = read_tables(example_folder(), ["AAA-2013J", "CCC-2014B"])
    enrolments = Enrolments(tables)
    parcels = [*catalogue_parcels(tables), *enrolments.parcels(500)]
    commands = [command for parcel in parcels for command in parcel]
    keys = Counter(command.name + command.key for command in commands)
    assert max(keys.values()) == 1
    rows = Counter(row.table for row in {row for c in commands for row in c.rows})
    assert rows == {
        "courses": len(tables.courses),
        "assessments": len(tables.assessments),
        "vle": len(tables.vle),
        "studentInfo": len(tables.infos),
        "studentRegistration": len(tables.registrations),
        "studentAssessment": len(tables.submissions),
    }


def test_a_parcel_holds_whole_enrolments_within_its_bound() -> None:
    """So an enrolment's order holds, whichever connection takes the parcel."""
    enrolments = Enrolments(read_tables(example_folder(), ["AAA-2013J"]))
    parcels = list(enrolments.parcels(500))
    assert max(map(len, parcels)) <= 500
    owners = [{c.body["subject"] for c in parcel} for parcel in parcels]
    assert sum(map(len, owners)) == len(set().union(*owners)) == 383


@pytest.mark.parametrize("presentation", ["2013X", "J", "", "20x3B"])
def test_a_presentation_of_another_form_is_refused(presentation: str) -> None:
    """When it began cannot be known."""
    with pytest.raises(ValueError, match="year followed by B or J"):
        Calendar(presentation)


def test_a_presentation_begins_in_february_or_october() -> None:
    """B and J are the months of the year in letters."""
    assert Calendar("2014B").start == datetime(2014, 2, 1, tzinfo=UTC)
    assert Calendar("2013J").start == datetime(2013, 10, 1, tzinfo=UTC)
