"""What does the address of a learner's page ask for?"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import Request

from read_api.console.formats import utc_text
from read_api.console.moments import Axis, Instant, read_instant
from read_api.console.render import address
from read_api.errors import BadParameter


class Asked(NamedTuple):
    """What the address says: the moment, the one to compare with, how far down the list, and the
    run where it asks for what is in one only."""

    subject: str
    instant: Instant
    other: Instant | None
    skip: int = 0
    run: str | None = None

    def link(self, **changes: Any) -> str:
        """Return this page's address with some of it changed, at the top of the list."""
        now = self._replace(**({"skip": 0} | changes))
        parameters = now.moment
        if now.other is not None and now.other.at is not None:
            parameters[f"compare_{now.other.axis}_by"] = utc_text(now.other.at)
        elif now.other is not None:
            parameters["compare"] = "now"
        asked = {"run": now.run, **parameters, "skip": now.skip or None}
        return address(f"/console/learners/{now.subject}", **asked)

    def why(self, run: str, value: str, item: str | None = None) -> str:
        """Return the address of the page that says what a value follows from at this moment."""
        asked = {"run": run, "value": value, "item": item}
        return address(f"/console/learners/{self.subject}/why", **asked, **self.moment)

    def grade(self, run: str) -> str:
        """Return the address of the page that says how a grade is made at this moment."""
        return address(f"/console/learners/{self.subject}/grade", run=run, **self.moment)

    @property
    def moment(self) -> dict[str, Any]:
        """The parameters that say as of when."""
        if self.instant.at is not None:
            return {f"{self.instant.axis}_by": utc_text(self.instant.at)}
        return {"axis": "known"} if self.instant.axis == "known" else {}


def read_asked(request: Request) -> Asked:
    """Read the address. Raises BadParameter."""
    query = request.query_params
    axis: Axis = "known" if query.get("axis") == "known" else "occurred"
    instant = read_instant(query) or Instant(axis, None)
    other = read_instant(query, "compare_")
    if other is None and query.get("compare") == "now":
        other = Instant(instant.axis, None)
    skip = query.get("skip", "0")
    if not skip.isascii() or not skip.isdigit() or len(skip) > 6:
        raise BadParameter("skip", "must be a number of facts")
    run = query.get("run") or None
    return Asked(request.path_params["subject"], instant, other, int(skip), run)
