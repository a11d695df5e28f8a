"""How does the runner fulfil what operators ask for: a rebuild, or a retry of what is parked?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import groupby

from domain.registry import Registry
from projections.decoding import decode
from projections.ports import LogReader, Parked, ReadingRequests, Request
from streams.runner.track import Track

LOOK_SECONDS = 0.5
"""How often a busy runner looks for requests."""


class Requests:
    """The open requests, and the rebuilds that answer them."""

    def __init__(self, requests: ReadingRequests, log: LogReader, registry: Registry) -> None:
        self._requests = requests
        self._log = log
        self._registry = registry
        self._rebuilding: dict[str, Request] = {}
        self._looked_at = 0.0

    def fulfil(
        self,
        live: Mapping[str, Track],
        beside: Mapping[str, Track],
        rebuild: Callable[[str], Track],
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
                self._requests.done(request, self._retry(live[name]))
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
            self._requests.done(request, f"{name} was rebuilt as generation {generation}")

    def _retry(self, track: Track) -> str:
        """Take what is parked in again, key by key and in order."""
        track.settle()
        folding = track.folding()
        before = folding.parked
        for _, entries in groupby(before, _kind_and_key):
            rows = [(one, self._log.page(one.position - 1, 1)) for one in entries]
            facts = [
                (one, fact)
                for one, page in rows
                for fact in decode(page, self._registry, track.of.reading.facts)
            ]
            if facts:
                folding.retry(facts)
        track.apply(folding.changes(track.written))
        left = len(track.folding().parked)
        return f"{len(before) - left} of {len(before)} facts put aside were taken in"


def _kind_and_key(one: Parked) -> tuple[str, tuple[object, ...]]:
    return one.documents, one.key
