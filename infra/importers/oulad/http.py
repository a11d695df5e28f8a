"""How does a replay reach a running server?"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.replay import CONNECTIONS, ReplayFailed, Unreachable

TIMEOUT_SECONDS = 60.0
DETAIL_CHARACTERS_MAX = 300
SERVER_ERRORS_FROM = 500


class _Problem(msgspec.Struct):
    """Why a command was not taken."""

    type: str
    detail: str = ""


class _Result(msgspec.Struct):
    """One result of the batch route, as far as a replay wants it."""

    status: str
    problem: _Problem | None = None
    replayed: bool = False

    def answer(self) -> Answer:
        if self.problem is None:
            return Answer(self.status, replayed=self.replayed)
        return Answer(self.status, self.problem.type.rpartition("/")[2], self.problem.detail)


class _Results(msgspec.Struct):
    results: list[_Result]


class HttpSender:
    """Sends batches to ``POST /v1/commands`` over a few connections that stay open."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(_Results).decode

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
        body: dict[str, list[dict[str, Any]]] = {
            "commands": [{"name": c.name, "key": c.key, "body": c.body} for c in commands]
        }
        try:
            response = await self._client.post(
                f"{self._url}/v1/commands",
                content=self._encode(body),
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
        try:
            results = self._decode(response.content).results
        except msgspec.DecodeError as error:
            raise ReplayFailed(f"{self._url} does not answer like registrar: {error}") from error
        if len(results) != len(commands):
            raise ReplayFailed(f"{self._url} answered {len(results)} of {len(commands)} commands")
        return [result.answer() for result in results]


def _said(url: str, response: httpx.Response) -> str:
    said = response.text[:DETAIL_CHARACTERS_MAX]
    return f"{url} answered {response.status_code}: {said}"
