"""Is this certificate genuine?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from fastapi import Request

from read_api.answers import AsOf
from read_api.console.render import Page
from read_api.dependencies import ReadDependencies
from read_api.queries import certificates


class PublicCertificate(msgspec.Struct, frozen=True):
    """What the public may know: no reason of a revocation, which is personal."""

    certificate: str
    valid: bool
    course: str
    course_title: str | None
    run: str
    run_title: str | None
    subject: str
    mode: str
    basis: str
    result: str
    percent: int | None
    issued_at: datetime
    revoked_at: datetime | None
    supersedes: str | None
    superseded_by: str | None
    superseded_at: datetime | None
    identity_verified: bool
    position: int
    as_of: AsOf


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/certificates/{certificate}``."""
    asked = request.path_params["certificate"]
    found = await certificates.shown(deps, asked)
    fields = PublicCertificate.__struct_fields__
    data = PublicCertificate(**{name: getattr(found, name) for name in fields})

    def draw() -> dict[str, Any]:
        api = f"{request.base_url}v1/certificates/{data.certificate}"
        return {"c": data, "as_of": data.as_of, "answer": found, "api": api}

    return Page("certificate.html", f"Certificate {asked}", data, draw)
