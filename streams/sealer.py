"""How is the log sealed, behind the appender and never in its way?"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

from domain.evidence.checkpoints import Checkpoint, Sealed, opened
from domain.evidence.notes import WrongNote
from domain.evidence.tiles import Frontier, TileId, edge_tiles, span_hashes, tiles_for
from projections.ports import StoreUnavailable
from streams.seals import (
    Anchors,
    AnchorsUnavailable,
    Broken,
    Kept,
    Leaves,
    Page,
    SealStore,
    Signing,
)

PAGE_FACTS_MAX = 20_000
LINGER_SECONDS = 0.5
"""Between two checkpoints while facts trickle in: each writes the edge of the tree again."""
WAIT_SECONDS_MAX = 0.5
UNAVAILABLE_SECONDS = 0.5
BROKEN_SECONDS = 5.0
"""A log that is not what was sealed is looked at again so soon; somebody may have mended it."""
ANCHOR_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Sealer:
    """Takes the log's facts into the tree, signs its root, and anchors checkpoints outside.

    One thread; ``log`` and ``store`` are its own. Before anything is signed, what is kept must fit
    what was signed before, what is anchored, and the log: otherwise it stops with an error for all
    to see. In a new epoch the tree is made anew.
    """

    def __init__(
        self,
        log: Leaves,
        store: SealStore,
        signing: Signing,
        anchors: Anchors | None = None,
        anchor_seconds: float = ANCHOR_SECONDS,
    ) -> None:
        self.error: str | None = None
        self._log = log
        self._store = store
        self._signing = signing
        self._anchors = anchors
        self._anchor_seconds = anchor_seconds
        self._anchored_at = float("-inf")
        self._anchored_size = -1
        self._kept: Kept | None = None
        self._frontier = Frontier()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)

    @property
    def size(self) -> int:
        """How many facts are sealed, as far as this process knows."""
        return 0 if self._kept is None else self._kept.size

    def start(self) -> None:
        """Seal in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End after the page under way; what is sealed and not anchored is anchored then."""
        self._stopping.set()
        self._thread.join()

    def step(self) -> int:
        """Seal one page. Returns how many facts that were.

        Raises Broken, StoreUnavailable or AnchorsUnavailable.
        """
        epoch = self._log.epoch()
        if self._kept is None or self._kept.epoch != epoch:
            self._find(epoch)
        page = self._log.leaves(self.size, PAGE_FACTS_MAX)
        if self._log.epoch() != epoch:  # asked after the leaves: they may be of another one
            return 0
        if page is not None:
            self._seal(epoch, page)
        elif (head := self._log.head()[0]) < self.size:
            raise Broken(
                f"the log ends at {head}, and {self.size} facts were sealed: a tail is cut"
            )
        if time.monotonic() - self._anchored_at >= self._anchor_seconds:
            self.anchor()
        return 0 if page is None else page.facts

    def anchor(self) -> None:
        """Keep the last checkpoint outside, unless it is there. Raises AnchorsUnavailable."""
        kept = self._kept
        if self._anchors is None or kept is None or kept.size == self._anchored_size:
            return
        self._anchors.put(self._opened(kept.note).checkpoint, kept.note)
        self._anchored_at, self._anchored_size = time.monotonic(), kept.size

    def _find(self, epoch: str) -> None:
        """Begin where the last seal ended, having held it against all that can be known of it."""
        kept = self._store.kept()
        self._frontier = Frontier()
        if kept is not None and kept.epoch == epoch:
            self._resume(kept)
        latest = None if self._anchors is None else self._anchors.latest(epoch)
        if latest is not None:
            self._hold_against(self._opened(latest).checkpoint)
        if kept is None or kept.epoch != epoch:
            self._write(kept, epoch, {})
        else:
            self._kept = kept

    def _resume(self, kept: Kept) -> None:
        stated = self._opened(kept.note).checkpoint
        wanted = [tile for tile, width in edge_tiles(kept.size) if width]
        try:
            self._frontier = Frontier.restored(kept.size, self._store.tiles(wanted))
        except LookupError as error:
            raise Broken(f"the tree is not whole: {error}") from error
        found = (self._frontier.size, self._frontier.root(), kept.epoch)
        if found != (stated.size, stated.root, stated.epoch):
            raise Broken(f"the tree is not the one that was signed at {stated.size}")

    def _hold_against(self, anchored: Checkpoint) -> None:
        size, whole = anchored.size, [(0, anchored.size)]
        if size > self._frontier.size:
            raise Broken(
                f"a checkpoint of {size} facts is anchored, and {self._frontier.size} are sealed: "
                "a tail is cut, or an old backup was restored"
            )
        try:
            (root,) = span_hashes(whole, self._store.tiles(tiles_for(whole)))
        except LookupError as error:
            raise Broken(f"the tree is not whole: {error}") from error
        if root != anchored.root:
            raise Broken(f"the tree is not the one that was anchored at {size}")

    def _seal(self, epoch: str, page: Page) -> None:
        if (page.first, page.last) != (self.size + 1, self.size + page.facts):
            raise Broken(f"the log has a gap in its positions beyond {self.size}")
        self._frontier.extend(page.hashes)
        self._write(self._kept, epoch, self._frontier.full | self._frontier.partial())

    def _write(self, before: Kept | None, epoch: str, tiles: Mapping[TileId, bytes]) -> None:
        frontier, signing = self._frontier, self._signing
        checkpoint = Checkpoint(signing.origin, frontier.size, frontier.root(), epoch)
        after = Kept(epoch, frontier.size, bytes(signing.sign(str(checkpoint))))
        self._kept = None  # until it is known to be written
        keys = "".join(f"{key}\n" for key in signing.known)
        if self._store.write(before, after, keys, tiles):
            frontier.full.clear()
            self._kept, self.error = after, None

    def _opened(self, note: bytes) -> Sealed:
        try:
            return opened(note, self._signing.known, self._signing.check)
        except WrongNote as error:
            raise Broken(f"what was signed before cannot be believed: {error}") from error

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._store.lead():
                    self._kept = None
                    self._stopping.wait(WAIT_SECONDS_MAX)
                elif (sealed := self.step()) == 0:
                    self._log.wait(self.size, WAIT_SECONDS_MAX)
                elif sealed < PAGE_FACTS_MAX:
                    self._stopping.wait(LINGER_SECONDS)
            except StoreUnavailable as error:
                _log.warning("the sealer waits: %s", error)
                self._kept = None
                self._stopping.wait(UNAVAILABLE_SECONDS)
            except Exception as error:
                self._stall(error)
                self._stopping.wait(BROKEN_SECONDS)
        try:
            self.anchor()
        except (AnchorsUnavailable, Broken) as error:
            _log.warning("the last checkpoint is not anchored: %s", error)

    def _stall(self, error: Exception) -> None:
        expected = isinstance(error, (Broken, AnchorsUnavailable))
        said = str(error) if expected else repr(error)
        if said != self.error:
            _log.error("the log is not sealed: %s", said, exc_info=None if expected else error)
        self.error = said
        try:
            self._store.fault(said)
        except StoreUnavailable as away:
            _log.warning("the sealer waits: %s", away)
