"""Which jobs can be done where queries are answered?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial

from domain.jobs import Job, Progress
from read_api.dependencies import ReadDependencies
from read_api.queries import subject_access, what_if

Work = Callable[[Job], AsyncIterator[bytes | Progress]]


def kinds(deps: ReadDependencies) -> Mapping[str, Work]:
    """Return what does the jobs of each kind, by its name."""
    return {
        what_if.KIND: partial(what_if.work, deps),
        subject_access.KIND: partial(subject_access.work, deps),
    }
