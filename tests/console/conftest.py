"""What do the console's tests run in and against?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.console.browser import chromium, program
from tests.console.record import Site, load
from tests.server import running

WAIT_MS_MAX = 10_000


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server with a small record in it."""
    with running(tmp_path_factory.mktemp("console") / "data", "--no-example") as server:
        yield load(server)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real, headless Chromium. It keeps an event loop running in this thread: none of the other
    tests could run one."""
    if program() is None:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    with chromium() as started:
        yield started


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Open pages of the site in a fresh window; its console may complain of nothing (but
    for what has the text ``ignoring``)."""
    complaints: list[str] = []
    with ExitStack() as windows:

        def opened(path: str, *, ignoring: str | None = None, **how: Any) -> Page:
            def hear(said: ConsoleMessage) -> None:
                if said.type == "error" and (ignoring is None or ignoring not in said.text):
                    complaints.append(said.text)

            how = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "UTC"} | how
            window = browser.new_context(base_url=site.url, locale="en-GB", **how)
            windows.callback(window.close)
            page = window.new_page()
            page.set_default_timeout(WAIT_MS_MAX)
            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
            page.goto(path)
            return page

        yield opened
    assert complaints == []
