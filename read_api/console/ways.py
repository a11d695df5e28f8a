"""Where may whoever looks at a page go from it? No page shows a way that ends in a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from re import Pattern
from urllib.parse import urlsplit

from starlette.routing import compile_path

from domain.access import Principal
from domain.access.deciding import NotPermitted, NotStrong, may
from domain.access.permissions import Permission
from domain.access.queries import PAGES, QUERIES, Asks
from read_api.gate import reached

FOR_ALL = (("Overview", "/console"), ("Runs", "/console/runs"))
"""Parts of the console for everybody; the first leads on who may not see it."""
FOR_SOME = (("Roles", "/console/access"), ("Reads", "/console/access-log"))
OF_PAGES = "/console"
"""Pages ask the read API's own addresses below this one, with their cookie."""


class Ways:
    """The ways that are open to somebody, by the table of permissions.

    To who is not known all are: the first step leads to where one signs in.
    """

    def __init__(self, asking: Principal) -> None:
        self._asking = asking
        self.known = asking.scopes != frozenset()

    def open(self, href: str) -> bool:
        """Whether an address of the console would let them in, now or with a second factor."""
        parts = urlsplit(href)
        found = _found(parts.path)
        if not self.known or found is None:
            return True
        asks, names = found
        try:
            reached(self._asking, asks, names, parts.query)
        except NotStrong:
            return True  # they are led to giving it
        except NotPermitted:
            return False
        return True

    def learner(self, subject: str, run: str | None = None) -> str | None:
        """Return the address of a learner's record, or of what of it is in a run; None: neither."""
        whole = f"/console/learners/{subject}"
        for way in (whole, f"{whole}?run={run}" if run is not None else None):
            if way is not None and self.open(way):
                return way
        return None

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The parts of the console that are open, with their addresses."""
        return [*FOR_ALL, *(one for one in FOR_SOME if self.known and self.open(one[1]))]

    def fact(self, run: str | None, subject: str | None) -> bool:
        """Whether facts about this run and learner may be looked at; about neither: all facts."""
        return not self.known or may(self._asking, Permission.READ_RECORD, run, subject)


@cache
def _patterns() -> list[tuple[Pattern[str], Asks]]:
    queries = {OF_PAGES + path: asks for path, asks in QUERIES.items()}
    return [(compile_path(path)[0], asks) for path, asks in {**PAGES, **queries}.items()]


def _found(path: str) -> tuple[Asks, Mapping[str, str]] | None:
    """Return what an address asks for, and the names in it; None: it is in no table."""
    for pattern, asks in _patterns():
        match = pattern.match(path)
        if match is not None:
            return asks, match.groupdict()
    return None
