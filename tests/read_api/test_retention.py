"""Does the preview list exactly whose time has come?"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from domain.access import Principal, Role
from infra.compose.parts import utc_now
from infra.stores.retention import PostgresRetained
from projections.ports import StoreUnavailable
from tests.evidence.logs import add_facts, execute, tamper
from tests.read_api.world import IN_RUN, World, furnish, world


def test_the_preview_lists_whose_time_has_come(empty: World) -> None:
    """By the longest rule that applies, and nobody whom no rule speaks of."""
    furnish(empty)
    empty.command("register-learner", subject="quiet")

    def due(by: str) -> dict[str, tuple[str, str]]:
        page = empty.get("retention/preview", by=by)
        assert page["looked_at"] == 3
        return {one["subject"]: (one["rule"], one["until"][:10]) for one in page["learners"]}

    assert due("2100-01-01T00:00:00Z") == {}
    empty.command("publish-retention-rule", rule="all", after="run-end", months=12)
    assert due("2015-06-25T00:00:00Z") == {}
    assert due("2015-06-27T00:00:00Z") == {
        "s1": ("all", "2015-06-26"),
        "s2": ("all", "2015-06-26"),
    }
    empty.command(
        "publish-retention-rule",
        rule="certified",
        after="run-end",
        months=600,
        types=["CertificateIssued"],
    )
    assert set(due("2015-06-27T00:00:00Z")) == {"s2"}
    assert due("2064-06-27T00:00:00Z")["s1"] == ("certified", "2064-06-26")
    empty.command("publish-retention-rule", rule="leavers", after="withdrawal", months=1)
    assert due("2100-01-01T00:00:00Z").get("s2") is None
    empty.command("withdraw-learner", **IN_RUN, subject="s2", occurred_at="2014-01-31T08:00:00Z")
    assert "s2" in due("2016-01-01T00:00:00Z")
    empty.command("publish-retention-rule", rule="all", retired=True)
    assert due("2014-03-01T00:00:00Z") == {"s2": ("leavers", "2014-02-28")}
    rules = empty.get("retention/rules")["rules"]
    assert [(one["rule"], one["retired"]) for one in rules] == [
        ("all", True),
        ("certified", False),
        ("leavers", False),
    ]
    learner = empty.asked_by(Principal("s1", "main", "test", frozenset({Role.LEARNER})))
    learner.refused("/v1/retention/preview", 403)


def test_the_sweep_sees_what_the_preview_shows(dsn: str, empty: World) -> None:
    """From the same rules; a rule that was published just now is not settled."""
    furnish(empty)
    empty.command("publish-retention-rule", rule="all", after="run-end", months=12)
    empty.get("retention/preview")
    retained = PostgresRetained(dsn)
    try:
        assert retained.settled(utc_now() - timedelta(days=7)) == []
        assert retained.settled(utc_now()) == ["main"]
        page = retained.page("main", "")
        assert [one.subject for one in page.ended] == ["s1", "s2"]
        assert page.next is None
        listed = empty.get("retention/preview", by="2100-01-01T00:00:00Z")["learners"]
        assert [one.until.isoformat()[:10] for one in page.ended] == [
            one["until"][:10] for one in listed
        ]
    finally:
        retained.close()


def test_nobody_is_erased_by_rules_who_is_held_or_whose_erasure_was_asked_for(
    dsn: str, empty: World
) -> None:
    furnish(empty)
    empty.command("publish-retention-rule", rule="all", after="run-end", months=12)
    empty.command("place-legal-hold", subject="s1", hold="case-1", ground="legal-claim")
    empty.get("retention/preview")
    with closing(PostgresRetained(dsn)) as retained:
        assert [one.subject for one in retained.page("main", "").ended] == ["s2"]
        empty.command("place-legal-hold", subject="s2", hold="case-2", ground="legal-claim")
        empty.command("erase-learner", subject="s2", ground="objection")
        empty.command("lift-legal-hold", subject="s1", hold="case-1")
        empty.get("retention/preview")
        assert [one.subject for one in retained.page("main", "").ended] == ["s1"]


def test_nobody_is_erased_while_it_is_not_known_what_happened_last(dsn: str) -> None:
    """A reading that is an hour behind, or that has put something aside, might not know of a hold,
    or that a learner came back."""
    with world(dsn) as one:
        furnish(one)
        one.command("publish-retention-rule", rule="all", after="run-end", months=12)
        one.get("retention/preview")
    with closing(PostgresRetained(dsn)) as retained:
        assert retained.settled(utc_now()) == ["main"]
        execute(
            dsn,
            "insert into readings.parked (name, generation, documents, key, position, error)"
            " select name, generation, 'enrolment', '[]', 1, 'x' from readings.state"
            " where name = 'progress' and live limit 1",
        )
        with pytest.raises(StoreUnavailable):
            retained.settled(utc_now())
        execute(dsn, "delete from readings.parked")
        add_facts(dsn, 1)
        assert retained.settled(utc_now()) == ["main"]
        tamper(dsn, "update log.facts set recorded_at = recorded_at - interval '61 minutes'")
        with pytest.raises(StoreUnavailable):
            retained.settled(utc_now())
