"""How does a replay reach a running server?"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.replay import CONNECTIONS, ReplayFailed, Unreachable
from infra.importers.oulad.wire import batch_body, read_answers

TIMEOUT_SECONDS = 60.0
DETAIL_CHARACTERS_MAX = 300
SERVER_ERRORS_FROM = 500


class HttpSender:
    """Sends batches to ``POST /v1/commands`` over a few connections that stay open."""

    def __init__(self, url: str, auth: httpx.Auth | None = None) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False, auth=auth
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def send(self, commands: Sequence[Sendable]) -> Sequence[Answer]:
        """Send one batch. Raises Unreachable or ReplayFailed."""
        try:
            response = await self._client.post(
                f"{self._url}/v1/commands",
                content=batch_body(commands),
                headers={"Content-Type": "application/json"},
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self._url}: {error or type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise ReplayFailed(f"{self._url} is not an address: {error}") from error
        if response.status_code >= SERVER_ERRORS_FROM:
            raise Unreachable(_said(self._url, response))
        if not response.is_success:
            raise ReplayFailed(_said(self._url, response))
        return read_answers(response.content, len(commands))


def _said(url: str, response: httpx.Response) -> str:
    said = response.text[:DETAIL_CHARACTERS_MAX]
    return f"{url} answered {response.status_code}: {said}"
