"""Is this certificate genuine, and does it still stand?"""

from __future__ import annotations

from datetime import datetime

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api.answers import Answer, AsOf, Opened, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.personal import opened

NO_TENANT = ""
"""In its name no rows are seen."""


class Certificate(Answer, frozen=True, kw_only=True):
    """A certificate. ``valid`` until it is revoked, or superseded by a corrected one; id and grade
    stay readable after that. ``reason`` is why it was, None while it stands."""

    certificate: str
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
    valid: bool
    revoked_at: datetime | None
    supersedes: str | None
    superseded_by: str | None
    superseded_at: datetime | None
    identity_verified: bool
    reason: Opened | None
    position: int


async def certificate(
    deps: ReadDependencies,
    asking: Principal,
    certificate: str,
    *,
    min_position: int = 0,
) -> Certificate:
    """Return a certificate to whoever may see the record that it is of. Raises NotFound."""
    found = await _found(deps, asking, certificate, min_position)
    if not may(asking, Permission.READ_RECORD, found.run, found.subject):
        raise NotFound("certificate", certificate)
    return found


async def shown(deps: ReadDependencies, certificate: str) -> Certificate:
    """Return a certificate of any tenant to whoever was shown it, and so knows its id; its reason
    stays closed. Raises NotFound."""
    async with deps.snapshot(NO_TENANT, "certificates") as snapshot:
        (row,) = await snapshot.rows(
            "select readings.tenant_of_certificate(%(certificate)s) as tenant",
            certificate=certificate,
        )
    if row["tenant"] is None:
        raise NotFound("certificate", certificate)
    anybody = Principal("anonymous", row["tenant"], "anonymous", frozenset(), scopes=frozenset())
    return await _found(deps, anybody, certificate, 0)


async def _found(
    deps: ReadDependencies, asking: Principal, certificate: str, min_position: int
) -> Certificate:
    async with deps.snapshot(
        asking.tenant, "certificates", "catalogue", min_position=min_position
    ) as snapshot:
        found = await snapshot.rows(
            """select c.certificate, c.course, k.title as course_title, c.run,
                      r.title as run_title, c.subject, c.mode, c.basis, c.result, c.percent,
                      c.issued_at, c.revoked_at is null and c.superseded_by is null as valid,
                      c.revoked_at, c.supersedes, c.superseded_by, c.superseded_at,
                      c.identity_verified, c.position, c.reason, c.revoked_fact
               from views.certificates c
               left join views.courses k on k.course = c.course
               left join views.runs r on r.run = c.run
               where c.certificate = %(certificate)s""",
            certificate=certificate,
        )
    if not found:
        raise NotFound("certificate", certificate)
    row = dict(found[0])
    sealed, fact = row.pop("reason"), row.pop("revoked_fact")
    run, subject = row["run"], row["subject"]
    return Certificate(
        **row,
        reason=await opened(deps, asking, run, subject, fact, "reason", sealed),
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, certificates=(certificate,), catalogue=(run,)),
    )
