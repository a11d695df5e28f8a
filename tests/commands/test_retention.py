"""How long is a learner's record kept, by several rules at once?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from pydantic import ValidationError

from commands.retention.publish_retention_rule import PublishRetentionRule
from domain.retention.ending import Ending, Trace, ending, later
from domain.retention.facts import RetentionRulePublished, Rule
from tests.given import given

MAY, JUNE, JULY = (datetime(2014, month, 30, tzinfo=UTC) for month in (5, 6, 7))
WORK = Trace("SubmissionReceived", "A", MAY, ends=JULY, left=JUNE)
NAMED = Trace("LearnerRegistered", None, JUNE)


def test_a_rule_counts_its_versions() -> None:
    """Published as it stands, nothing is recorded; a retired one is a version too."""
    told = {"rule": "default", "months": 12}
    record = given().when("publish-retention-rule", **told)
    assert record.facts == (RetentionRulePublished("default", 1, Rule("last-activity", 12)),)
    record.record.when("publish-retention-rule", **told).nothing()
    retired = record.record.when("publish-retention-rule", rule="default", retired=True)
    assert retired.facts == (RetentionRulePublished("default", 2, None),)


def test_the_longest_rule_decides() -> None:
    """One key seals all of a learner's fields, so that none can go before the others."""
    rules = {"all": Rule("last-activity", 1), "work": Rule("run-end", 6, ("SubmissionReceived",))}
    assert ending(rules, [WORK, NAMED]) == Ending("work", later(JULY, 6))
    assert ending(rules, [NAMED]) == Ending("all", later(JUNE, 1))
    assert ending({}, [WORK]) is None
    assert ending({"work": rules["work"]}, [NAMED]) is None


def test_what_has_not_ended_is_kept() -> None:
    """A rule for ever, a run without an end, a learner who is in one still."""
    assert ending({"r": Rule("run-end", None)}, [WORK]) == Ending("r", None)
    rules = {"r": Rule("run-end", 1), "s": Rule("withdrawal", 1)}
    assert ending(rules, [WORK._replace(ends=None)]) == Ending("r", None)
    assert ending(rules, [WORK._replace(left=None)]) == Ending("s", None)
    assert ending({"s": rules["s"]}, [WORK, NAMED]) == Ending("s", later(JUNE, 1))


@over(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(1, 1_200))  # noqa: DTZ001
def test_months_are_counted_by_the_calendar(at: datetime, months: int) -> None:
    """The same day, or the last of a shorter month; never earlier than it should be by a month."""
    end = later(at, months)
    assert (end.year - at.year) * 12 + end.month - at.month == months
    assert end.day == at.day or (end.day < at.day and end.day in (28, 29, 30))
    assert end.time() == at.time()


def test_a_rule_names_types_that_there_are() -> None:
    """A slip would keep nobody, and what it was meant to keep would go."""
    with pytest.raises(ValidationError, match="did you mean CertificateIssued"):
        PublishRetentionRule(rule="certificates", types=("CertificateIsued",))
