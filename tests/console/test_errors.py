"""Does a page that fails say so, without giving anything away?"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from fastapi import FastAPI, Request

from domain.access import DEVELOPMENT
from projections.ports import StoreUnavailable
from read_api.console.render import Console, Load, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotYet


def failing(error: Exception) -> Load:
    """Return a page that cannot be loaded."""

    async def load(_deps: ReadDependencies, _request: Request) -> Page:
        raise error

    return load


def get(error: Exception, path: str = "/console", **headers: str) -> httpx.Response:
    """Ask an app whose one page fails so."""
    console = Console(
        cast("ReadDependencies", SimpleNamespace(principal=lambda _: DEVELOPMENT, reads=None))
    )
    console.add("/console", failing(error))
    app = FastAPI()
    app.include_router(console.router)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/console", "/console/overview.json"])
def test_a_database_that_is_away_is_a_503_to_try_again(path: str) -> None:
    """The page says that nothing recorded is lost, and when to come back."""
    answer = get(StoreUnavailable("connection to 10.0.0.7 refused"), path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "cannot be reached" in answer.text
    assert "10.0.0.7" not in answer.text


def test_readings_that_lag_are_said_so() -> None:
    """What is not read in yet is told with both positions."""
    answer = get(NotYet(812, 800))
    assert answer.status_code == 503
    assert "812" in answer.text
    assert "800" in answer.text


def test_a_fault_of_ours_gives_nothing_away() -> None:
    """The reason goes to the server's log under the request's id; the page names only the id."""
    answer = get(RuntimeError("secret"), **{"x-request-id": "r-17"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "r-17" in answer.text


def test_a_request_id_is_never_markup() -> None:
    """An id that a client made up is shown as text."""
    answer = get(RuntimeError("x"), **{"x-request-id": "<b>"})
    assert "<b>" not in answer.text
