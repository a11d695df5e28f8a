"""Which tests run in one process, where two processes run them?"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

ENGINES = "engines"
WITH_ENGINES = {
    "cache",
    "cluster",
    "engines",
    "readings",
    "relay",
    "search",
    "supervisor",
    "workers",
}
"""Folders whose tests need the cluster's engines, of which there are to be one each."""


class ByFolder(LoadScopeScheduling):
    """Keeps together what shares fixtures: a folder, and all folders that need the engines."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return ENGINES if folder in WITH_ENGINES else folder
