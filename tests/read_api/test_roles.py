"""What does a process of a cluster say to whoever asks it for what another one does?"""

from __future__ import annotations

import httpx
import pytest
from starlette.types import ASGIApp

from infra.web.apps import command_app, query_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics
from tests.read_api.world import World


@pytest.mark.parametrize(
    ("only", "method", "path", "hint"),
    [
        ("commands", "GET", "/v1/events", "a process with --only queries"),
        ("commands", "GET", "/v1/runs/AAA-2013J", "a process with --only queries"),
        ("commands", "GET", "/console", "a process with --only queries"),
        ("queries", "POST", "/v1/commands/create-course", "a process with --only commands"),
        ("queries", "POST", "/v1/commands", "a process with --only commands"),
    ],
)
def test_the_other_process_is_named(
    furnished: World, only: str, method: str, path: str, hint: str
) -> None:
    """Rather than that there is no such thing."""
    commands = furnished.registrar.commands
    app: ASGIApp = (
        command_app(commands.dependencies, commands.log, Metrics())
        if only == "commands"
        else query_app(furnished.reads, Metrics())
    )

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(open_to_all(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://one") as client:
            return await client.request(method, path)

    answer = furnished.run(ask())
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(f"{path} is not answered here: ")
    assert hint in answer.json()["detail"]
