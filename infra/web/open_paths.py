"""What may anybody ask for, without saying who they are?"""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope

from infra.loopback import is_loopback


class Open(NamedTuple):
    """An address that is open to all, and why. ``below``: all under it is, too. ``local``: only to
    this machine."""

    path: str
    why: str
    below: bool = False
    local: bool = False


OPEN = (
    Open("/healthz", "who starts and stops the process asks before anybody is signed in"),
    Open("/readyz", "as above"),
    Open(
        "/metrics",
        "what measures runs beside it; figures tell much about an institution",
        False,
        True,
    ),
    Open("/problems", "what went wrong must be understood by whoever it went wrong for", True),
    Open("/docs", "how to ask is no secret", True),
    Open("/openapi.json", "as above"),
    Open("/static-offline-docs", "as above", True),
    Open("/console/static", "style sheets and scripts of the page to sign in", True),
    Open("/console/sign-in", "where people say who they are", True),
    Open("/console/signed-out", "where people are told that they are gone"),
    Open(
        "/console/certificates", "whoever is shown a certificate checks whether it is genuine", True
    ),
    Open(
        "/v1/exports",
        "whoever has the link of an export may fetch that one file: it cannot be guessed, and ends",
        True,
    ),
    Open("/issuer", "the development issuer has its own way to know who asks", True),
)
"""All of them. Everything else takes a principal."""

_EXACT = {one.path: one for one in OPEN}
_BELOW = tuple(f"{one.path}/" for one in OPEN if one.below)


def is_open(scope: Scope) -> bool:
    """Whether a request is answered whoever sends it."""
    path = scope["path"]
    one = _EXACT.get(path)
    if one is None:
        return bool(path.startswith(_BELOW))
    return not one.local or _from_here(scope)


def _from_here(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and is_loopback(client[0])
