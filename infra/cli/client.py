"""How does the command line ask a running server?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import httpx
import msgspec

from infra.cli.authorization import authorization
from infra.cli.errors import Failed

JSON = "application/json"
TIMEOUT_SECONDS = 30.0
DETAIL_CHARACTERS_MAX = 200
MALFORMED = 422


def get(url: str, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """Return the JSON that the server answers. Raises Failed or UsageError, in one sentence."""
    try:
        return msgspec.json.decode(fetch(url, path, parameters))
    except (msgspec.DecodeError, ValueError) as error:
        raise Failed(f"{url} does not answer like registrar") from error


def fetch(url: str, path: str, parameters: Mapping[str, Any] | None = None) -> bytes:
    """Return what the server answers, as it is. Raises Failed or UsageError, in one sentence."""
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    return _answer(url, path, "GET", TIMEOUT_SECONDS, params=given).content


def command(url: str, name: str, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """Send a command, without what is None in it, and return the answer. Raises Failed or
    UsageError, in one sentence."""
    given = {field: value for field, value in body.items() if value is not None}
    return send(url, f"/v1/commands/{name}", given, {"Idempotency-Key": key} if key else {})


def send(
    url: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Send JSON, or nothing, and return the answer. Raises Failed or UsageError."""
    content = b"" if body is None else msgspec.json.encode(body)
    found: dict[str, Any] = post(url, path, content, JSON, headers)
    return found


def post(
    url: str,
    path: str,
    content: bytes,
    kind: str,
    headers: Mapping[str, str] | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> Any:
    """Send something of this media type, and return the JSON that is answered within so many
    seconds. Raises Failed or UsageError, in one sentence."""
    given = {"content-type": kind, **(headers or {})}
    response = _answer(url, path, "POST", seconds, content=content, headers=given)
    return msgspec.json.decode(response.content)


def _answer(url: str, path: str, method: str, seconds: float, **sent: Any) -> httpx.Response:
    """Return the server's answer to a request. Raises Failed or UsageError."""
    try:
        response = httpx.request(
            method,
            f"{url}{path}",
            timeout=seconds,
            trust_env=False,
            auth=authorization(url),
            **sent,
        )
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise unreachable(url, error) from error
    if not response.is_success:
        raise fault(url, response)
    return response


def unreachable(url: str, error: Exception) -> Failed:
    """Say that nobody answers there."""
    return Failed(f"{url} cannot be reached ({error or type(error).__name__}); is it running?")


def fault(url: str, response: httpx.Response) -> Failed | click.UsageError:
    """Return what to raise for an answer that is none: what is malformed is wrong use."""
    said = refused(url, response)
    return click.UsageError(said) if response.status_code == MALFORMED else Failed(said)


def refused(url: str, response: httpx.Response) -> str:
    """Say what the server said, from its problem document where it is one."""
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = response.text[:DETAIL_CHARACTERS_MAX]
    return f"{detail} ({url} answered {response.status_code})"
