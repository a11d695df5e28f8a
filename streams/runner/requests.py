"""How does the runner fulfil what operators ask for: a rebuild, or a retry of what is parked?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from projections.requests import ReadingRequests, Request

LOOK_SECONDS = 0.5
"""How often a busy runner looks for requests."""


class Requests:
    """The open requests, and the rebuilds that answer them."""

    def __init__(self, requests: ReadingRequests) -> None:
        self._requests = requests
        self._rebuilding: dict[str, Request] = {}
        self._looked_at = 0.0

    def fulfil(
        self,
        live: Collection[str],
        beside: Collection[str],
        rebuild: Callable[[str], object],
        retry: Callable[[str], str],
    ) -> bool:
        """Act on what is asked. Returns whether anything was."""
        if time.monotonic() < self._looked_at + LOOK_SECONDS and self._looked_at:
            return False
        self._looked_at = time.monotonic()
        acted = False
        for request in self._requests.asked():
            name = request.name
            if name not in live and name not in beside:
                self._requests.done(request, f"there is no reading {name}")
            elif request.action == "retry":
                if name in beside:
                    continue  # the rebuild takes everything anew; retry what is left then
                self._requests.done(request, retry(name))
            elif name not in self._rebuilding:
                self._rebuilding[name] = request
                if name not in beside:
                    rebuild(name)
            else:
                continue
            acted = True
        return acted

    def rebuilt(self, name: str, generation: int) -> None:
        """Answer the request that asked for this rebuild, if one did."""
        request = self._rebuilding.pop(name, None)
        if request is not None:
            self._requests.done(request, f"rebuilt as generation {generation}")
