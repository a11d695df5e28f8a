"""What do queries need of the log, the readings and the keys?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from domain.access import Principal
from domain.evidence.tiles import TileId
from domain.jobs import Job
from domain.kernel import Envelope
from projections.ports import StoreUnavailable


class Head(NamedTuple):
    """The end of the log: position 0 and no time in an empty one."""

    position: int
    recorded_at: datetime | None
    epoch: str


class Selection(NamedTuple):
    """Which facts a subscriber wants; None: of any type, run or subject. With a ``purpose``, and
    where that asks for consent, none of learners who do not agree to it."""

    types: tuple[str, ...] | None = None
    run: str | None = None
    subject: str | None = None
    purpose: str | None = None


class Window(NamedTuple):
    """The selected facts of a stretch of the log, in order, the position that it ends at, and the
    log's epoch."""

    facts: Sequence[Envelope]
    through: int
    epoch: str


class TenantSize(NamedTuple):
    """How many facts the log has of a tenant, and about how many learners."""

    tenant: str
    facts: int
    learners: int


class LogHistory(Protocol):
    """The log as queries read it. Every call raises StoreUnavailable when it cannot be reached.

    A fact that cannot be decoded is answered with an Unreadable in its place.
    """

    async def head(self) -> Head:
        """Return the last position, its recorded time and the log's epoch."""

    async def at(self, tenant: str, positions: Sequence[int]) -> Sequence[Envelope]:
        """Return the tenant's facts at these positions, in position order."""

    async def streams(self, tenant: str, names: Sequence[str]) -> Sequence[Envelope]:
        """Return all facts of these streams of a tenant, in position order."""

    async def streams_under(self, tenant: str, prefix: str) -> Sequence[Envelope]:
        """Return all facts of the tenant's streams whose names begin so, in position order."""

    async def stream_position(self, tenant: str, stream: str, version: int) -> int | None:
        """Return the position of this version of a stream; None: it has no such version."""

    async def window(
        self, tenant: str, after: int, width: int, limit: int, selection: Selection
    ) -> Window:
        """Return up to ``limit`` selected facts of a tenant among the ``width`` positions after
        ``after``."""

    async def position_at(self, recorded_at: datetime) -> int:
        """Return the last position recorded at this moment or before; 0: none."""

    async def positions_at(self, moments: Sequence[datetime]) -> Sequence[int]:
        """Return the same for each of these moments, in their order."""

    async def recorded_at(self, position: int) -> datetime | None:
        """Return when this position was recorded; None: there is no such position."""

    async def tenants(self, after: str, limit: int) -> Sequence[TenantSize]:
        """Return some tenants after one, in order of their names. For the installation's own tenant
        only: whoever asks must have been let in."""

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Return True as soon as the log holds a position beyond, False after so many seconds."""


class Seal(NamedTuple):
    """What was last signed of the log: how many facts, the note that says so, and the verifier
    keys of the log, one a line."""

    epoch: str
    size: int
    note: bytes
    keys: str


class Leaf(NamedTuple):
    """What a leaf of the tree covers."""

    position: int
    recorded_at: datetime
    version: int
    body: bytes


class Evidence(Protocol):
    """The tree over the log, as it is kept. Every call raises StoreUnavailable."""

    async def seal(self) -> Seal | None:
        """Return what was last signed; None: the log is not sealed."""

    async def tiles(self, wanted: Collection[TileId]) -> Mapping[TileId, bytes]:
        """Return those of these tiles that there are."""

    async def leaf(self, tenant: str, position: int) -> Leaf | None:
        """Return what the leaf of a position covers; None: there is none of this tenant."""

    async def leaves(self, tenant: str, positions: Sequence[int]) -> Sequence[Leaf]:
        """Return what the leaves of these positions cover, of those that are the tenant's, in
        their order."""


class ToSend(NamedTuple):
    """A command, its body and its idempotency key."""

    name: str
    body: Mapping[str, Any]
    key: str


class Sent(NamedTuple):
    """What came of a command: why it was not taken, or the position that it reached."""

    fault: str | None
    position: int = 0


class Sender(Protocol):
    """Has commands transacted for the forms of the console."""

    async def send(self, asking: Principal, commands: Sequence[ToSend]) -> Sequence[Sent]:
        """Send them in order, as whoever asks; none where one of them cannot be taken at all.

        Raises NotStrong.
        """


class Jobs(Protocol):
    """Work that was asked for. Every call raises StoreUnavailable."""

    async def ask(
        self, kind: str, about: str, asked_by: Principal, request: bytes, media_type: str
    ) -> Job | None:
        """Keep what is asked for, durably. None: whoever asks has as much under way as they may."""

    async def job(self, tenant: str, job: str) -> Job | None:
        """Return a job; None: there is none, or it is past its time."""

    async def asked(self, tenant: str, kind: str, about: str) -> Sequence[Job]:
        """Return the jobs of a kind about something, the latest first, a page at most."""

    def result(self, job: Job) -> AsyncIterator[bytes]:
        """Yield what came of a job, piece by piece."""

    async def drop(self, job: Job) -> None:
        """Forget a job and what came of it. Where it runs, that ends."""

    async def link(self, job: Job, digest: bytes, seconds: int) -> datetime | None:
        """Let whoever knows what has this SHA-256 fetch what came of a job for so long, and return
        until when; no longer than it is kept. None: nothing came of it yet, or no longer."""

    async def linked(self, digest: bytes) -> Job | None:
        """Return the job that a link leads to, while it holds."""


class Positions(Protocol):
    """How far the readings are. Raises StoreUnavailable when that cannot be learned."""

    async def told(
        self, readings: Sequence[str], position: int, subject: str | None = None
    ) -> None:
        """Return as soon as they are said to be at ``position``, which whoever asks must still see
        for himself; in any case after a moment, and at once where nothing is ever said."""

    async def wait(
        self, readings: Sequence[str], position: int, seconds: float, subject: str | None = None
    ) -> int:
        """Return the least position of these readings: at once when it is ``position`` or beyond,
        otherwise as soon as it is, and after so many seconds whatever it is.

        With a ``subject`` it is the position up to which all that they tell of that one is read.
        """


class ParkedKey(NamedTuple):
    """Something that a reading has put aside: the ids in its key, none where it may be anything."""

    reading: str
    ids: frozenset[str]
    since: datetime


class Snapshot(Protocol):
    """The views as they stood at one position."""

    @property
    def position(self) -> int:
        """The least position of the readings asked, or of what they tell of the subject asked."""

    @property
    def recorded_at(self) -> datetime | None:
        """When that position was recorded; None: there is no such position."""

    @property
    def parked(self) -> Sequence[ParkedKey]:
        """What those readings have put aside."""

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """Return the rows of a select over ``views``, with ``%(name)s`` for the values."""


class Views(Protocol):
    """The views that readings offer. Raises StoreUnavailable when they cannot be reached."""

    def at(
        self, tenant: str, *readings: str, subject: str | None = None
    ) -> AbstractAsyncContextManager[Snapshot]:
        """Open one consistent snapshot of a tenant's rows in these readings, and their positions.

        With a ``subject`` nothing is asked of it but rows of that one, and of courses and runs.
        """


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text: ``match`` says whether it is a word that was searched for."""

    text: str
    match: bool


class Match(NamedTuple):
    """Something found. ``highlight`` is its title and an excerpt of what else is said of it."""

    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    highlight: Sequence[Piece]


class Matches(NamedTuple):
    """What was found: ``facets`` counts all by kind, ``hits`` are the part that was asked for.

    All that was recorded up to ``position`` could be found, but for what is ``parked``.
    """

    position: int
    parked: Sequence[ParkedKey]
    facets: Mapping[str, int]
    hits: Sequence[Match]


class SearchIndex(Protocol):
    """What can be searched. Raises StoreUnavailable when it cannot be reached.

    Found is what has all the words, in its id, title or body; of the last word its beginning is
    enough. Case, accents and signs make no difference, nor does the ending of an English word. An
    id that is the very words comes first, then what fits best. Any text may be asked for.
    """

    async def search(
        self, tenant: str, words: str, kind: str | None, limit: int, offset: int
    ) -> Matches:
        """Return ``limit`` of a tenant's matches (of one kind, unless None) after the first
        ``offset``."""


class PastIndex(Protocol):
    """What could be found by an earlier moment of what is published: courses, runs and items."""

    async def search(
        self,
        tenant: str,
        words: str,
        kind: str | None,
        limit: int,
        offset: int,
        position: int | None,
        occurred: datetime | None,
    ) -> Matches:
        """Return matches as ``SearchIndex`` does, as of a position of the log (None: all of it),
        and of what had occurred by a time."""


class KeysAway(StoreUnavailable):
    """The store of keys cannot be reached: personal fields cannot be opened now."""


class KeyDestroyed(Exception):
    """The learner was erased: nothing can be kept under their key any more."""


Sealed = tuple[str, str, str]
"""A personal field as it is stored: the id of its fact, its name, and the sealed text."""


class Opener(Protocol):
    """Opens personal fields with the keys of their subjects."""

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[Sealed]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each; None: no longer readable, because the subject's key was
        destroyed. Raises KeysAway."""

    async def open_many(
        self, tenant: str, sealed: Mapping[str, Sequence[Sealed]]
    ) -> Mapping[str, Sequence[bytes | None]]:
        """Return likewise what there is of several subjects, in one look for their keys."""

    async def seal(self, tenant: str, subject: str, place: tuple[str, str], plain: bytes) -> str:
        """Return what ``open`` takes with these two in the place of fact and field. Raises KeysAway
        and KeyDestroyed."""
