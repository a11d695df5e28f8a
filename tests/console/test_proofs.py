"""Does the browser itself find out whether what it shows is in the log that was signed?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.conftest import Open
from tests.console.record import ANNA, COMMANDS, RUN, Site
from tests.server import eventually

pytestmark = pytest.mark.xdist_group("console")

PROOFS = "**/v1/log/proofs?*"
ANNAS = f"/console/learners/{ANNA}"
WITHOUT_ED25519 = """
  const known = SubtleCrypto.prototype.importKey;
  SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
    if (algorithm === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
    return known.call(this, format, key, algorithm, ...rest);
  };
"""
NOT_SECURE = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"
"""What a page finds that came from another machine without TLS."""


@pytest.fixture(autouse=True)
def sealed(site: Site) -> int:
    """All that is recorded is sealed; how many facts that are."""

    def all_is() -> int:
        head = int(httpx.get(f"{site.url}/v1/log").json()["position"])
        note = httpx.get(f"{site.url}/v1/log/checkpoint").text
        return head if f"\n{head}\n" in note else 0

    return int(eventually(all_is, 20, "all is sealed"))


def opened(visit: Open, change: Callable[[dict[str, Any]], object], path: str = ANNAS) -> Page:
    """Open a page whose proofs are changed on their way."""

    def answer(route: Route) -> None:
        body = route.fetch().json()
        change(body)
        route.fulfill(json=body)

    page = visit("/console")
    page.route(PROOFS, answer)
    page.goto(path)
    return page


def badges(page: Page) -> list[str]:
    """What stands beside the facts, newest first, once it is told."""
    expect(page.locator("#proofs")).to_be_visible()
    return [badge.inner_text() for badge in page.locator("[data-proof]:visible").all()]


def test_every_fact_of_a_learner_is_proven(visit: Open, site: Site, sealed: int) -> None:
    """Against the last checkpoint, whose signature is checked with the log's key."""
    page = visit(ANNAS)
    expect(page.locator("#proofs")).to_contain_text(f"checkpoint of {sealed:,} facts")
    name, key_id, _ = httpx.get(f"{site.url}/v1/log/keys").text.split("+", 2)
    expect(page.locator("#proofs")).to_contain_text(f"signed by {name}+{key_id}.")
    found = badges(page)
    assert len(found) == page.locator("#history li").count() >= 6
    assert set(found) == {"proven"}


def test_facts_are_proven_anywhere_in_a_larger_log(visit: Open, site: Site) -> None:
    """Whatever the shape of the tree on the way to the root: at its beginning and at its edge."""
    commands = [
        {"name": "create-course", "key": f"many-{n}", "body": {"course": f"M{n}", "title": "One"}}
        for n in range(300)
    ]
    answer = httpx.post(f"{site.url}/v1/commands", json={"commands": commands}, timeout=30)
    assert answer.status_code == 200
    for n in range(3):
        subject = f"late-{n}"
        position = record(site, "enrol-learner", {"run": RUN, "subject": subject})
        told = httpx.get(f"{site.url}/v1/learners/{subject}/history?min_position={position}")
        assert told.status_code == 200
        page = visit(f"/console/learners/{subject}")
        expect(page.locator("[data-proof]")).to_have_text("proven")
    assert set(badges(visit(ANNAS))) == {"proven"}


def test_what_was_proven_stays_so_at_another_moment(visit: Open) -> None:
    """The slider asks for no proof twice, on either kind of time."""
    page = visit("/console")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(ANNAS)
    before = badges(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("occurred_by="))
    expect(page.locator("#history .later").first).to_be_visible()
    assert badges(page) == before
    assert len([url for url in asked if "/proofs?" in url]) == 1
    page.goto(f"{ANNAS}?axis=known")
    assert badges(page) == before


def test_a_fact_that_was_altered_fails(visit: Open) -> None:
    """That one, and none of the others."""

    def alter(body: dict[str, Any]) -> None:
        graded = next(fact for fact in body["facts"] if "SubmissionGraded" in fact["body"])
        graded["body"] = graded["body"].replace("72.5", "92.5")

    page = opened(visit, alter)
    found = badges(page)
    assert (found.count("proof failed"), found.count("proven")) == (1, len(found) - 1)
    failed = page.locator("#history li").filter(has_text="TMA 1 was graded")
    expect(failed).to_contain_text("proof failed")
    expect(page.locator("#proofs")).to_contain_text("does not lead to the root that was signed")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda body: body["facts"][0].update(version=9), "does not lead to the root"),
        (lambda body: body["facts"][0].update(recorded_us=9), "does not lead to the root"),
        (lambda body: body["facts"][0]["hashes"].pop(), "does not lead to the root"),
        (lambda body: body["facts"].pop(0), "does not show the fact"),
    ],
    ids=["version", "time", "hash", "left out"],
)
def test_a_proof_that_is_not_right_fails(
    visit: Open, change: Callable[[dict[str, Any]], object], why: str
) -> None:
    """Whatever of it was changed."""
    page = opened(visit, change)
    assert badges(page).count("proof failed") == 1
    expect(page.locator("#proofs")).to_contain_text(why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda note: note.replace("\nepoch ", "\nepoch 0"), "the signature of registrar"),
        (lambda note: "other" + note, "no key of the log signed"),
    ],
    ids=["text", "origin"],
)
def test_a_checkpoint_that_is_not_signed_proves_nothing(
    visit: Open, change: Callable[[str], str], why: str
) -> None:
    """Then every fact fails."""
    page = opened(visit, lambda body: body.update(checkpoint=change(body["checkpoint"])))
    assert set(badges(page)) == {"proof failed"}
    expect(page.locator("#proofs")).to_contain_text(why)


def altered(visit: Open, path: str, shown: str, instead: str) -> Page:
    """Open a page on whose way to the reader something was put in place of what it showed."""

    def answer(route: Route) -> None:
        came = route.fetch()
        assert shown in came.text()
        route.fulfill(response=came, body=came.text().replace(shown, instead))

    page = visit("/console")
    page.route(f"**{path}", answer)
    page.goto(path)
    return page


@pytest.mark.parametrize(
    ("shown", "instead", "why"),
    [
        ('datetime="2014-05-05T18:00:00Z"', 'datetime="2014-05-04T18:00:00Z"', "another time"),
        (f'data-subject="{ANNA}"', 'data-subject="somebody"', "about somebody else"),
    ],
)
def test_a_page_that_shows_something_else_than_what_is_proven_fails(
    visit: Open, shown: str, instead: str, why: str
) -> None:
    """A right proof of another fact is no proof of this one."""
    page = altered(visit, ANNAS, shown, instead)
    assert "proof failed" in badges(page)
    expect(page.locator("#proofs")).to_contain_text(why)


@pytest.mark.parametrize(
    ("shown", "instead", "said"),
    [
        ("", "", "This fact: proven, against the checkpoint of"),
        ('data-type="', 'data-type="X', "is of another type"),
        ('data-subject="', 'data-subject="x', "is about somebody else"),
    ],
)
def test_a_fact_is_proven_on_its_own_page_too(
    visit: Open, shown: str, instead: str, said: str
) -> None:
    """Where it is about nobody in particular as well."""
    page = altered(visit, "/console/facts/1", shown, instead)
    assert badges(page) == ["proven" if "proven" in said else "proof failed"]
    expect(page.locator("#proofs")).to_contain_text(said)


def test_what_is_not_sealed_yet_says_so_until_it_is(visit: Open, site: Site) -> None:
    """A fact beyond the checkpoint is neither proven nor wrong, and is asked for again."""
    cleo, run = "cleo-51d", "HIS-2015B"
    _, schedule = COMMANDS[1]
    record(site, "schedule-run", {**schedule, "run": run})
    old = httpx.get(f"{site.url}/v1/log/proofs?at=1").json() | {"facts": []}
    position = record(site, "enrol-learner", {"run": run, "subject": cleo})
    answer = httpx.get(f"{site.url}/v1/learners/{cleo}/history?min_position={position}")
    assert answer.status_code == 200
    page = visit("/console")
    page.route(PROOFS, lambda route: route.fulfill(json=old))
    page.goto(f"/console/learners/{cleo}")
    assert badges(page) == ["not sealed yet"]
    page.unroute(PROOFS)
    expect(page.locator("[data-proof]")).to_have_text("proven")
    unsealed = {"size": 0, "checkpoint": None, "keys": [], "facts": []}
    page.route(PROOFS, lambda route: route.fulfill(json=unsealed))
    page.reload()
    assert badges(page) == ["not sealed yet"]


def record(site: Site, command: str, body: dict[str, Any]) -> int:
    """Send a command that is to be recorded; return the position that it reached."""
    answer = httpx.post(f"{site.url}/v1/commands/{command}", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


def test_a_browser_that_cannot_check_says_so(visit: Open) -> None:
    """Without Ed25519 the proofs are checked and the signature is not; without any digest nothing
    is shown beside the facts; nor where the server does not answer."""
    page = visit("/console")
    page.add_init_script(WITHOUT_ED25519)
    page.goto(ANNAS)
    assert set(badges(page)) == {"proven"}
    expect(page.locator("#proofs")).to_contain_text("signature this browser cannot check")
    page.add_init_script(NOT_SECURE)
    page.goto(ANNAS)
    assert badges(page) == []
    expect(page.locator("#proofs")).to_contain_text("Proofs are not checked here")
    other = visit("/console", ignoring="status of 503")
    other.route(PROOFS, lambda route: route.fulfill(status=503))
    other.goto(ANNAS)
    assert badges(other) == []
    expect(other.locator("#proofs")).to_contain_text("the server answered 503")


def test_the_page_hands_out_the_evidence(visit: Open) -> None:
    """A link to the file that anybody can verify."""
    page = visit(f"/console/learners/{ANNA}?axis=known")
    with page.expect_download() as download:
        page.get_by_role("link", name="Evidence (.zip)").click()
    assert re.fullmatch(rf"{ANNA}-\d+\.zip", download.value.suggested_filename)
    assert RUN.encode() in download.value.path().read_bytes()
