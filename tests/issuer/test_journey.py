"""Does a newcomer come in, and does nobody else?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browser import chromium, program
from tests.console.conftest import WAIT_MS_MAX
from tests.folders import enterable
from tests.server import Server, running

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with the development issuer, after its first start."""
    with enterable() as folder:
        environment = {"REGISTRAR_ACCESS": "development"}
        with running(folder / "data", "--no-example", environment=environment) as started:
            yield started


def password(server: Server) -> str:
    """Return what the first start printed."""
    (found,) = re.findall(r"as admin with (\S+)", server.output)
    return str(found)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real, headless Chromium. While it runs, no other test of this thread can run a loop."""
    if program() is None:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh window."""
    window = browser.new_context(base_url=server.url, locale="en-GB")
    opened = window.new_page()
    opened.set_default_timeout(WAIT_MS_MAX)
    yield opened
    window.close()


def sign_in(page: Page, server: Server, path: str = "/console") -> None:
    """Go to a page, and give name and password on the way."""
    page.goto(path)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password(server))
    page.get_by_role("button", name="Sign in").click()


@contextmanager
def client(server: Server) -> Iterator[httpx.Client]:
    """Have a browser without a screen that has signed in."""
    with httpx.Client(base_url=server.url, follow_redirects=True, headers=PAGE) as one:
        form = one.get("/console")
        assert form.url.path == "/issuer/sign-in"
        token = re.findall(r'name="form_token" value="([^"]*)"', form.text)[0]
        fields = {"form_token": token, "name": "admin", "password": password(server)}
        one.post(form.url, data=fields)
        assert one.get("/console").url.path == "/console"
        yield one


def test_nobody_sees_anything_without_signing_in(server: Server) -> None:
    """Pages lead to where one signs in; data and the API answer 401; the secret of the first start
    is printed once."""
    with httpx.Client(base_url=server.url) as one:
        page = one.get("/console/runs?q=x", headers=PAGE)
        assert page.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fruns%3Fq%3Dx"
        for path in ("/console/runs.json", "/v1/runs", "/console/v1/events"):
            assert one.get(path).status_code == 401, path
    assert server.output.count(password(server)) == 1


def test_the_cookie_opens_the_console_and_not_the_api(server: Server) -> None:
    """A page and what it reads by itself, but nothing under /v1, and nothing for other sites."""
    with client(server) as one:
        assert one.get("/console/runs.json").status_code == 200
        assert one.get("/v1/runs").status_code == 401
        events = "/console/v1/log/checkpoint"
        assert one.get(events).status_code != 401
        assert one.get(events, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
        command = one.post("/v1/commands/create-course", json={"course": "X", "title": "X"})
        assert command.status_code == 401
        assert one.get("/console").headers["cache-control"] == "no-store"


def test_a_session_is_made_anew_and_ends_for_good(server: Server) -> None:
    """One that was planted is not the one after; a forged form ends nothing; after signing out the
    old cookie is worth nothing, and everywhere means everywhere."""
    cookie = f"registrar-{server.port}"
    with client(server) as one, client(server) as other:
        secret = one.cookies[cookie]
        flags = one.get("/console/sign-in").history[-1].headers.get("set-cookie", "")
        assert "httponly" in flags.lower()
        assert "samesite=lax" in flags.lower()
        assert one.cookies[cookie] != secret
        forged = one.post("/console/sign-out", data={"form_token": "x"})
        assert forged.status_code == 403
        token = re.findall(r'name="form_token" value="([^"]*)"', one.get("/console").text)[0]
        left = one.post("/console/sign-out?everywhere=true", data={"form_token": token})
        held = dict(one.cookies)
        gone = one.get(left.headers["refresh"].removeprefix("0; url="))
        assert gone.url.path == "/console/signed-out"
        for again in (one, other):
            again.cookies.update(held)
            assert again.get("/console").url.path == "/issuer/sign-in"


def test_a_code_of_another_browser_signs_nobody_in(server: Server) -> None:
    """Whoever is given a link with a code, or an answer that was not asked for, stays outside."""
    with client(server) as one, httpx.Client(base_url=server.url) as victim:
        began = one.get("/console/sign-in", follow_redirects=False)
        asked = one.get(began.headers["location"], follow_redirects=False)
        planted = asked.headers["location"]
        assert "/console/callback?code=" in planted
        answer = victim.get(planted)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        other = one.get(f"{planted}&iss=https%3A%2F%2Fevil.example", follow_redirects=False)
        assert other.status_code == 403


def test_a_link_leads_to_no_other_site(server: Server) -> None:
    """Wherever somebody is said to go after signing in, it is a page of the console."""
    with client(server) as one:
        for asked in ("https://evil.example/", "//evil.example", "/\\evil.example"):
            assert one.get("/console/sign-in", params={"next": asked}).url.path == "/console"
        wanted = one.get("/console/sign-in", params={"next": "/console/runs?q=x"})
        assert str(wanted.url).endswith("/console/runs?q=x")


def test_a_newcomer_signs_in_adds_a_phone_looks_and_leaves(page: Page, server: Server) -> None:
    """With the password that the first start printed, by following what the pages say; what was
    wanted is what is shown; afterwards the back button shows nothing."""
    sign_in(page, server, "/console/runs")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The six digits").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_title("Runs · registrar")
    page.get_by_role("link", name="You: admin").click()
    expect(page.get_by_role("main")).to_contain_text("administrator, auditor, instructor")
    expect(page.get_by_role("main")).to_contain_text("Second factorgiven")
    page.goto("/console")
    expect(page.locator("#live")).to_contain_text("live")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signed out")
    page.go_back()
    page.wait_for_load_state()
    expect(page.locator("#stats")).to_have_count(0)
    page.goto("/console")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password(server))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    page.get_by_label("Code from your phone").fill(next_code(secret))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_title("Overview · registrar")


def next_code(secret: str) -> str:
    """Return the code of the next time step, which is taken half a minute ahead: the one of now was
    used already."""
    return pyotp.TOTP(secret).at(time.time() + 30)
