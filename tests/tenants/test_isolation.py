"""Every address, every command and the subscriptions, tried with another tenant's identifiers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from commands.register import DECISIONS
from domain.access.queries import PAGES, QUERIES
from read_api.ports.log import Selection
from read_api.subscriptions import Subscriptions
from tests.tenants.conftest import SECRET, Two

ALL = {**QUERIES, **PAGES, **{f"{page}.json": asks for page, asks in PAGES.items()}}
PATHS = sorted(path for path, asks in ALL.items() if asks.permission is not None)
"""What is open tells of the machine, or shows a certificate to whoever was shown its id."""


class Ours:
    """What the first tenant has, and by which the second shall find nothing."""

    def __init__(self, two: Two) -> None:
        with psycopg.connect(two.dsn) as connection:
            rows = connection.execute(
                "select position, type, convert_from(body, 'UTF8')::jsonb ->> 'id', body"
                " from log.facts where tenant = 'main' order by position"
            ).fetchall()
        self.positions = [row[0] for row in rows]
        self.ids = [row[2] for row in rows]
        issued = next(row[3] for row in rows if row[1] == "CertificateIssued")
        found = re.search(rb'"certificate":"([^"]+)"', issued)
        assert found is not None
        self.certificate = found[1].decode()

    def told_in(self, text: str, asked: str) -> list[str]:
        """Return what of it stands in an answer, but for what was asked with."""
        for name in re.split(r"[/?=&]", asked):
            text = text.replace(name, "") if len(name) > 4 else text
        return [one for one in (SECRET, self.certificate, *self.ids) if one in text]


@pytest.fixture(scope="module")
def ours(two: Two) -> Ours:
    return Ours(two)


def tries(path: str, ours: Ours) -> Iterator[str]:
    """Yield addresses for a path, with the first tenant's identifiers in it."""
    names = {
        "course": ["AAA", "ZZZ"],
        "run": ["AAA-2013J"],
        "subject": ["s1", "s2"],
        "actor": ["developer"],
        "item": ["1752", "secret-1"],
        "certificate": [ours.certificate],
        "position": [str(at) for at in ours.positions],
        "number": ["1", "2"],
        "before": ["1"],
    }
    found = [path]
    for name in re.findall(r"{(\w+)(?::\w+)?}", path):
        values = names.get(name, ["x"])
        found = [re.sub(rf"{{{name}(:\w+)?}}", value, one) for one in found for value in values]
    queries = ["", "run=AAA-2013J&item=1752&subject=s1&grader=tutor"]
    if "search" in path:
        queries = [f"q={word}" for word in (SECRET, "TMA", ours.certificate, "s2")]
    if path == "/v1/log/proofs":
        queries = ["positions=" + ",".join(map(str, ours.positions))]
    for one in found:
        for query in queries:
            yield one + (f"?{query}" if query else "")


@pytest.mark.parametrize("path", PATHS)
def test_no_address_tells_another_tenant_anything(two: Two, ours: Ours, path: str) -> None:
    """Not even that there is such a thing: what is ours is answered as what nobody has."""
    two.theirs.get("runs/AAA-2013J")
    for address in tries(path, ours):
        if path == "/v1/events":
            answer = two.theirs.ask(address, accept="application/json")
        else:
            answer = two.theirs.ask(address)
        assert answer.status_code < 500, (address, answer.text)
        assert ours.told_in(answer.text, address) == [], address
        if "{position}" in path or "{certificate}" in path:
            assert answer.status_code in (403, 404, 409, 422), address


def test_the_first_tenant_is_told_all_that(two: Two, ours: Ours) -> None:
    """The control: the same words are found where they are one's own."""
    assert SECRET in two.ours.ask(f"/v1/search?q={SECRET}&min_position={two.ours.position}").text
    assert two.ours.ask(f"/v1/certificates/{ours.certificate}").status_code == 200
    assert two.ours.ask(f"/v1/facts/{ours.positions[0]}").status_code == 200
    assert ours.ids[0] in two.ours.ask("/v1/events", accept="application/json").text


def test_one_id_in_two_tenants_is_two_records(two: Two) -> None:
    """What they do with it stays theirs."""
    mine = two.ours.get("enrolments/AAA-2013J/s1")
    theirs = two.theirs.get("enrolments/AAA-2013J/s1")
    assert (mine["mode"], theirs["mode"]) == ("verified", "audit")
    assert [run["active"] for run in two.theirs.get("runs")["runs"]] == [1]


def test_the_open_page_verifies_a_certificate_of_any_tenant(two: Two, ours: Ours) -> None:
    """To whoever knows its id, whichever tenant has it; the API keeps it to its own."""
    run, subject = "AAA-2013J", "shown"
    two.theirs.command("enrol-learner", run=run, subject=subject, mode="verified")
    two.theirs.command("allow-certificate", run=run, subject=subject, reason="For the page")
    two.theirs.certified(run, subject)
    theirs = two.theirs.get(f"enrolments/{run}/{subject}")["certificate"]
    assert theirs not in (None, ours.certificate)
    for asked, of in ((theirs, subject), (ours.certificate, "s1")):
        for asking in (two.ours, two.theirs):
            page = asking.ask(f"/console/certificates/{asked}.json")
            assert page.status_code == 200, page.text
            told = page.json()
            assert (told["certificate"], told["valid"], told["subject"]) == (asked, True, of)
            assert asking.ask(f"/console/certificates/{asked}").status_code == 200
    two.ours.refused(f"/v1/certificates/{theirs}", 404)
    assert two.ours.ask("/console/certificates/none.json").status_code == 404


def facts_of_ours(two: Two) -> Any:
    with psycopg.connect(two.dsn) as connection:
        return connection.execute(
            "select count(*), max(position) from log.facts where tenant = 'main'"
        ).fetchone()


@pytest.mark.parametrize("name", sorted(DECISIONS))
def test_no_command_changes_another_tenant(two: Two, ours: Ours, name: str) -> None:
    """Whatever is recorded is recorded in the streams of who sent it."""
    before = facts_of_ours(two)
    body: dict[str, Any] = dict(DECISIONS[name].example)
    known = {"course": "ZZZ", "run": "AAA-2013J", "subject": "s2", "item": "1752"}
    body |= {key: value for key, value in known.items() if key in body}
    if "certificate" in body:
        body["certificate"] = ours.certificate
    answer = two.theirs.run(two.theirs.post(name, body))
    assert answer.status_code < 500, answer.text
    for fact in answer.json().get("facts", ()):
        assert fact["stream"].startswith("other/")
    assert ours.told_in(answer.text, ours.certificate) == []
    assert facts_of_ours(two) == before


def test_a_subscriber_is_told_of_their_own_tenant_only(two: Two) -> None:
    """From the beginning of the log, whatever they select."""
    tenants: list[set[str]] = []

    async def told(selection: Selection) -> None:
        seen: set[str] = set()
        head = (await two.theirs.reads.log.head()).position
        follow = Subscriptions(
            two.theirs.reads, lambda window: b",".join(f.tenant.encode() for f in window.facts)
        )
        async for some in follow.follow("other", 0, selection):
            seen.update(some.body.decode().split(","))
            if some.through >= head:
                break
        tenants.append(seen - {""})

    async def all_told() -> None:
        async with asyncio.timeout(20):
            await told(Selection(run="AAA-2013J"))
            await told(Selection(subject="s1"))

    two.theirs.run(all_told())
    assert tenants == [{"other"}, {"other"}]
