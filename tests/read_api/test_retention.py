"""Does the preview list exactly whose time has come?"""

from __future__ import annotations

from datetime import timedelta

from domain.access import Principal, Role
from infra.compose.parts import utc_now
from infra.stores.retention import PostgresRetained
from tests.read_api.world import IN_RUN, World, furnish


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
