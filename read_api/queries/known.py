"""Is anything known under the name that an address bears?"""

from __future__ import annotations

from read_api.errors import NotFound
from read_api.ports.views import Snapshot


async def require_run(snapshot: Snapshot, run: str) -> None:
    """Raise NotFound unless the catalogue, as the snapshot shows it, has this run."""
    if not await snapshot.rows("select from views.runs where run = %(run)s", run=run):
        raise NotFound("run", run)


async def require_learner(snapshot: Snapshot, subject: str) -> None:
    """Raise NotFound unless the history, as the snapshot shows it, tells of this learner."""
    if not await snapshot.rows(
        "select from views.history where subject = %(subject)s limit 1", subject=subject
    ):
        raise NotFound("learner", subject)


async def require_enrolment(snapshot: Snapshot, run: str, subject: str) -> None:
    """Raise NotFound unless the progress, as the snapshot shows it, has this enrolment."""
    if not await snapshot.rows(
        "select from views.enrolments where run = %(run)s and subject = %(subject)s",
        run=run,
        subject=subject,
    ):
        raise NotFound("enrolment", f"{run}/{subject}")
