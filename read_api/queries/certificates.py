"""Is this certificate genuine, and does it still stand?"""

from __future__ import annotations

from datetime import datetime

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api.answers import Answer, Opened, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.personal import opened


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
    shown: bool = False,
) -> Certificate:
    """Return a certificate to whoever may see the record that it is of; ``shown``: to whoever was
    shown it, and so knows its id. Raises NotFound."""
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
    if not found or not (
        shown or may(asking, Permission.READ_RECORD, found[0]["run"], found[0]["subject"])
    ):
        raise NotFound("certificate", certificate)
    row = dict(found[0])
    sealed, fact = row.pop("reason"), row.pop("revoked_fact")
    run, subject = row["run"], row["subject"]
    return Certificate(
        **row,
        reason=await opened(deps, asking, run, subject, fact, "reason", sealed),
        as_of=await deps.as_of(snapshot.position),
        incomplete=earliest(snapshot.parked, certificates=(certificate,), catalogue=(run,)),
    )
