"""How do all readings follow the log, each at its own position, in one thread?"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

from domain.registry import Registry
from projections.decoding import decode
from projections.ports import Generation, LogReader, ReadingState, ReadingStore, StoreUnavailable
from projections.reading import Reading
from projections.requests import ReadingRequests
from streams.runner.requests import Requests
from streams.runner.retry import retry, taken_in
from streams.runner.track import Track

PAGE_FACTS_MAX = 5_000
IDLE_SECONDS_MAX = 0.5
"""How long the runner waits for the log before it looks for requests again."""
LINGER_SECONDS_MIN, LINGER_SECONDS_MAX = 0.05, 0.5
LINGER_TIMES = 3
"""While facts trickle in, the runner rests three times as long as the last batch took: a batch
costs much the same for 1 fact and for 100. The first fact after a silence waits for nothing."""
STOP_SECONDS_MAX = 30.0

_log = logging.getLogger(__name__)


class Runner:
    """Keeps every reading up with the log; rebuilds beside what is live, and then takes over.

    A page is read and decoded once for all readings that stand at its beginning. An error stops
    only its own reading. A reading is rebuilt when its live generation is of another version, of
    another epoch of the log, in another number of partitions, or when a request asks for it; what
    was interrupted begins anew.
    """

    partitions = 1
    keeps_live = True
    """Whether this runner moves the live generations too, and not workers elsewhere."""

    def __init__(
        self,
        log: LogReader,
        store: ReadingStore,
        requests: ReadingRequests,
        readings: Sequence[Reading],
        registry: Registry,
        page_facts: int = PAGE_FACTS_MAX,
    ) -> None:
        self._log = log
        self._store = store
        self._requests = Requests(requests)
        self._readings = {reading.name: reading for reading in readings}
        self._registry = registry
        self._wanted = frozenset().union(*(reading.facts for reading in readings))
        self._page_facts = page_facts
        self._epoch: str | None = None
        self._behind = False
        self._live: dict[str, Track] = {}
        self._beside: dict[str, Track] = {}
        self._swept: set[str] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="readings-writer")
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow the log in a thread."""
        self._thread = threading.Thread(target=self._run, name="readings", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way and end the thread. May be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
        self._writer.shutdown(wait=True, cancel_futures=True)

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def step(self) -> bool:
        """Move every reading on by up to a page. Returns whether there was anything to do.

        Raises StoreUnavailable where not even the positions can be learned. While another process
        moves the readings there is nothing to do but to stand by.
        """
        if not self._store.lead():
            self._epoch = None
            return False
        self._survey()
        asked = self._requests.fulfil(self._live, self._beside, self._rebuild, self._retry)
        busy = False
        tracks = [track for track in self._moving() if track.ready]
        tracks.sort(key=_position)
        for position, group in groupby(tracks, _position):
            busy |= self._advance(position, list(group))
        taken_over = self._take_over()
        return busy or asked or taken_over

    def run_until_idle(self) -> None:
        """Step until nothing is left to do."""
        while self.step():
            pass

    def _moving(self) -> list[Track]:
        live = self._live.values() if self.keeps_live else ()
        return [*live, *self._beside.values()]

    def _advance(self, position: int, tracks: Sequence[Track]) -> bool:
        rows = self._log.page(position, self._page_facts)
        if not rows:
            for track in tracks:
                track.settle()
                track.at_end = True
            return False
        page = decode(rows, self._registry, self._wanted)
        more = len(rows) == self._page_facts
        self._behind |= more
        for track in tracks:
            track.take(page, rows[-1].position, more)
        return True

    def _survey(self) -> None:
        """Find or make the generation of every reading, and begin the rebuilds that are due."""
        epoch = self._log.epoch()
        tracks = (*self._live.values(), *self._beside.values())
        if epoch == self._epoch and not any(track.gone for track in tracks):
            return
        for track in self._beside.values():
            track.settle()
        self._live, self._beside = {}, {}
        states = {s.name: s for s in self._store.states() if s.live}
        for reading in self._readings.values():
            state = states.get(reading.name)
            if state is None:
                state = self._store.create(reading, epoch, self.partitions)
            wanted = (reading.version, epoch, self.partitions)
            if (state.version, state.epoch, state.partitions) == wanted:
                self._live[reading.name] = self._track(reading, state)
            else:
                self._rebuild(reading.name, epoch)
        self._epoch = epoch

    def _rebuild(self, name: str, epoch: str | None = None) -> Track:
        """Begin a new generation beside the live one; leftovers of an interrupted one go."""
        reading = self._readings[name]
        for state in self._store.states():
            if state.name == name and not state.live:
                self._store.drop(name, state.generation)
        state = self._store.create(reading, epoch or self._log.epoch(), self.partitions)
        self._beside[name] = self._track(reading, state)
        _log.info("rebuilding %s as generation %d", name, state.generation)
        return self._beside[name]

    def _track(self, reading: Reading, state: ReadingState) -> Track:
        of = Generation(reading, state.generation)
        return Track(of, state.position, state.live, self._store, self._writer)

    def _retry(self, name: str) -> str:
        """Take what a live generation has put aside in again. Returns what came of it."""
        track = self._live[name]
        track.settle()
        folding = track.folding()
        before = folding.parked
        retry(folding, before, self._log, self._registry)
        track.apply(folding.changes(track.written))
        return taken_in(len(before), len(track.folding().parked))

    def _take_over(self) -> bool:
        """Promote what has caught up with the log, and drop what it replaces.

        Raises StoreUnavailable where one has to wait, when all others have had their turn.
        """
        waits: StoreUnavailable | None = None
        done = False
        for name, track in list(self._beside.items()):
            if track.error is not None or not track.at_end:
                continue
            track.settle()
            if track.error is not None or not track.settled:
                continue
            try:
                self._store.promote(track.of, partial(self._catch_up, track))
            except StoreUnavailable as error:
                waits = error
                continue
            track.live = True
            self._live[name] = self._beside.pop(name)
            self._swept.discard(name)
            self._requests.rebuilt(name, track.of.number)
            _log.info("generation %d of %s is live", track.of.number, name)
            done = True
        for name in self._live.keys() - self._swept:
            try:
                self._store.sweep(name)
            except StoreUnavailable:
                continue  # somebody still reads the old tables; they go another time
            self._swept.add(name)
        if waits is not None:
            raise waits
        return done

    def _catch_up(self, track: Track, position: int) -> None:
        """Take a track on to a position that was in the log when the live one reached it."""
        while track.position < position and track.error is None:
            if not self._advance(track.position, [track]):
                break
        track.settle()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._behind = False
                if not self.step():
                    self._wait()
                elif not self._behind:
                    rest = LINGER_TIMES * (time.monotonic() - began)
                    self._stopping.wait(min(LINGER_SECONDS_MAX, max(LINGER_SECONDS_MIN, rest)))
            except StoreUnavailable as error:
                _log.warning("readings wait: %s", error)
                self._stopping.wait(IDLE_SECONDS_MAX)
            except Exception:
                _log.exception("readings wait")
                self._stopping.wait(IDLE_SECONDS_MAX)

    def _wait(self) -> None:
        if self._epoch is None:
            self._stopping.wait(IDLE_SECONDS_MAX)
            return
        tracks = self._moving()
        healthy = [track.position for track in tracks if track.error is None]
        if len(healthy) < len(tracks) or not tracks:
            self._stopping.wait(IDLE_SECONDS_MAX)
        else:
            self._log.wait(min(healthy), IDLE_SECONDS_MAX)


def _position(track: Track) -> int:
    return track.position
