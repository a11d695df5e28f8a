"""Is a person with two records forgotten in both, by whoever asks and by rules of retention?"""

from __future__ import annotations

from tests.privacy.erasing import until
from tests.read_api.world import IN_RUN, furnish, world

GONE = {"value": None, "erased": True}


def test_a_person_with_two_records_is_forgotten_as_one(dsn: str) -> None:
    """A rule of retention takes them by what is kept longest of both, under the record that
    stands; a hold on one keeps both; then each has steps and receipts of its own, and neither
    opens."""
    with world(dsn) as one:
        furnish(one)
        one.command("register-learner", subject="ada", name="Ada Lovelace")
        one.command("enrol-learner", **IN_RUN, subject="ada", demographics={"region": "Kent"})
        one.command("merge-learners", subject="s1", into="ada", reason="The same student number")
        refused = one.run(one.post("enrol-learner", IN_RUN | {"subject": "s1", "mode": "audit"}))
        assert refused.json()["rule"] == "already-enrolled"
        one.command("publish-retention-rule", rule="all", after="run-end", months=12)
        certified = {"after": "run-end", "months": 600, "types": ["CertificateIssued"]}
        one.command("publish-retention-rule", rule="certified", **certified)

        def due(by: str) -> list[str]:
            found = one.get("retention/preview", by=by)["learners"]
            return [row["subject"] for row in found]

        assert due("2016-01-01T00:00:00Z") == ["s2"]
        assert due("2064-12-01T00:00:00Z") == ["ada", "s2"]

        one.command("place-legal-hold", subject="s1", hold="case-1", ground="legal-claim")
        one.command("erase-learner", subject="ada", ground="objection")
        told = one.get("learners/ada/erasure")
        assert (told["status"], told["holds"], told["together"]) == ("on hold", [], ["s1"])
        assert "on another record of the same person" in one.ask("/console/learners/ada").text
        one.command("lift-legal-hold", subject="s1", hold="case-1")
        for subject in ("ada", "s1"):
            until(one, subject, "SubjectErased")
            done = one.get(f"learners/{subject}/erasure")
            assert (done["status"], done["steps_left"]) == ("erased", 0)
            assert {"place": "keys", "removed": 1} in done["steps"][0]["receipts"]
            assert one.get(f"enrolments/AAA-2013J/{subject}")["demographics"] == GONE
        page = one.ask("/console/learners/ada").text
        assert "records of the same person" in page
        assert 'href="/console/learners/s1"' in page
