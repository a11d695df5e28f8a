"""Is every page light, accessible, safe, and honest about what it cannot show?"""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import httpx
import pytest
from playwright.sync_api import expect

from tests.console.conftest import Open
from tests.console.record import ANNA, CLEO, PEERS, RUN, SCRIPTED, Site

pytestmark = pytest.mark.xdist_group("console")

PAGE_BYTES_MAX = 150_000
SERVER_SECONDS_MAX = 0.1
"""Time to answer a page that was asked for before."""
MEASURED = 5

PATHS = (
    "/console",
    "/console/runs",
    "/console/runs?q=nothing-like-it",
    f"/console/runs/{RUN}",
    f"/console/runs/{RUN}/gradebook",
    f"/console/runs/{RUN}/regrades",
    f"/console/learners/{ANNA}",
    f"/console/learners/{CLEO}",
    f"/console/runs/{PEERS}",
    f"/console/learners/{ANNA}?occurred_by=2014-05-03&compare=now",
    f"/console/learners/{ANNA}?known_by=2014-05-03",
    f"/console/learners/{ANNA}/why?run={RUN}&value=grade",
    f"/console/learners/{ANNA}/why?run={RUN}&value=certificate&occurred_by=2014-12-31",
    f"/console/learners/{ANNA}/grade?run={RUN}",
    "/console/facts/1",
    "/console/access",
    "/console/access-log",
    "/console/search",
    "/console/search?q=TMA",
    "/console/search?q=nothinglikeit",
    "/console/certificates/{certificate}",
    "/console/certificates/none",
)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_serious(visit: Open, site: Site, axe: str, path: str) -> None:
    """Landmarks, headings in order, labels, and contrast, in the light and in the dark."""
    page = visit(path.format(certificate=site.certificate), ignoring="status of 404")
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({runOnly: ['color-contrast']}).then(dark => dark.violations)")
    serious = [
        (broken["id"], [node["html"][:160] for node in broken["nodes"]])
        for broken in found
        if broken["impact"] in ("serious", "critical", "moderate")
    ]
    assert serious == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_light_and_quick(site: Site, path: str) -> None:
    """A page weighs at most 150 kB with all that it loads, and is there within 100 ms."""
    path = path.format(certificate=site.certificate)
    with httpx.Client(base_url=site.url) as client:
        page = client.get(path)
        parts = [client.get(f"/console/static/{name}") for name in ("console.css", "console.js")]
        assert len(page.content) + sum(len(part.content) for part in parts) <= PAGE_BYTES_MAX
        quickest = min(client.get(path).elapsed.total_seconds() for _ in range(MEASURED))
        assert quickest <= SERVER_SECONDS_MAX


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fetches_nothing_from_elsewhere(site: Site, path: str) -> None:
    """The policy allows our own files only, no inline script or style; the page needs no others."""
    answer = httpx.get(site.url + path.format(certificate=site.certificate))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in answer.text
    assert "://" not in answer.text.replace(site.url, "").replace("application/json", "")


@pytest.mark.parametrize("path", [path for path in PATHS if "none" not in path])
def test_a_page_has_its_data_a_link_away(site: Site, path: str) -> None:
    """Each page names its ``.json``, which answers with JSON."""
    with httpx.Client(base_url=site.url) as client:
        page = client.get(path.format(certificate=site.certificate)).text
        link = page.split('type="application/json" href="')[1].split('"')[0]
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert isinstance(answer.json(), dict)


def test_a_title_is_never_markup(visit: Open, site: Site) -> None:
    """A title that looks like markup is shown as it is; ``visit`` fails on any dialog."""
    page = visit(f"/console/learners/{ANNA}")
    expect(page.locator("#history")).to_contain_text(SCRIPTED)
    assert SCRIPTED not in httpx.get(f"{site.url}/console/learners/{ANNA}").text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/console/nowhere", 404, "No such page"),
        ("/console/runs/none", 404, "No such run"),
        ("/console/learners/none", 404, "No such learner"),
        ("/console/facts/999999999", 404, "No such fact"),
        ("/console/facts/x", 404, "No such fact"),
        ("/console/certificates/none", 404, "No such certificate"),
        (f"/console/learners/{ANNA}?known_by=yesterday", 422, "known_by"),
        ("/console/runs?sort=colour", 422, "sort"),
    ],
)
def test_an_error_page_says_what_and_names_the_request(
    site: Site, path: str, status: int, says: str
) -> None:
    """A wrong address answers with its status, a sentence, what to do, and the request's id."""
    answer = httpx.get(site.url + path)
    assert answer.status_code == status
    assert says in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_the_reason_of_a_revocation_is_not_public(site: Site) -> None:
    """The certificate's page and its data are for everybody; reasons are personal."""
    answer = httpx.get(f"{site.url}/console/certificates/{site.certificate}.json")
    assert "reason" not in answer.json()


def test_the_stylesheet_is_one_and_short() -> None:
    """One stylesheet under 400 lines."""
    folder = Path(__file__).parents[2] / "read_api" / "console" / "static"
    (sheet,) = folder.glob("*.css")
    assert len(sheet.read_text().splitlines()) < 400


def test_a_live_page_shows_what_is_recorded(visit: Open, site: Site) -> None:
    """A fact recorded while the overview is open appears on it without a reload."""
    page = visit("/console")
    expect(page.locator("#live")).to_contain_text("live")
    body = {"course": "LIVE", "title": "Came in while somebody looked"}
    assert httpx.post(f"{site.url}/v1/commands/create-course", json=body).status_code == 201
    expect(page.locator("#facts li").first).to_contain_text("Came in while somebody looked")
