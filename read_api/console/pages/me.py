"""Who is signed in here, and what may they do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Request

from domain.access import DEVELOPMENT
from read_api.console.render import Page, address
from read_api.console.signed_in import signed_in
from read_api.dependencies import ReadDependencies

HERE = "/console/me"


class Me(msgspec.Struct, frozen=True):
    """Whoever asks: ``actor`` is the pseudonym that stands in the log. ``roles`` hold in the whole
    tenant, ``runs`` are those in which a role holds beside."""

    name: str | None
    actor: str
    tenant: str
    roles: Sequence[str]
    runs: Mapping[str, Sequence[str]]
    second_factor: bool
    access_control: bool


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Say who asks. Opens nothing."""
    asking, who = deps.principal(request), signed_in(request)
    me = Me(
        name=None if who is None else who.name,
        actor=asking.actor,
        tenant=asking.tenant,
        roles=sorted(asking.roles),
        runs={role: sorted(runs) for role, runs in asking.runs.items() if runs},
        second_factor=asking.strong,
        access_control=asking is not DEVELOPMENT,
    )

    def draw() -> Mapping[str, Any]:
        return {"me": me, "strengthen": address("/console/sign-in", strong="true", next=HERE)}

    return Page("me.html", "You", me, draw)
