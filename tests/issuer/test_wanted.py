"""Is nobody sent elsewhere after signing in?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sign_in.wanted import FIRST, wanted


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example/console",
        "\\\\evil.example",
        "/console/../issuer/end-session",
        "/console//evil.example",
        "/\t/evil.example",
        "/console\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "/v1/runs",
        "/consoles",
        "/issuer/end-session",
        " /console",
        "/console/" + "x" * 3_000,
        "http:///console",
        "http://[",
        "",
        None,
    ],
)
def test_what_is_no_page_of_the_console_leads_to_its_first(asked: str | None) -> None:
    """Other sites, in all the ways that browsers take for one; other parts of this one."""
    assert wanted(asked) == FIRST


@pytest.mark.parametrize(
    "asked", ["/console", "/console/runs/AAA-2013J", "/console/search?q=a%20b&on=2014-05-03"]
)
def test_a_page_of_the_console_is_gone_back_to(asked: str) -> None:
    """With all that its address says."""
    assert wanted(asked) == asked


@given(st.text())
def test_whatever_is_asked_stays_here(asked: str) -> None:
    """A browser can take no answer for another site's address."""
    found = wanted(asked)
    assert found == FIRST or found.startswith((f"{FIRST}/", f"{FIRST}?", f"{FIRST}#"))
