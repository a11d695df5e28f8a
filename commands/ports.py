"""What does the pipeline need of the log and of the keys?"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.kernel import Envelope


class LogUnavailable(Exception):
    """The log cannot be reached, or did not answer in time. Nothing is known to have been lost.

    The same command with the same key may be sent again.
    """


class LogFull(LogUnavailable):
    """The log has no room left. Nothing of what was sent was recorded."""


class KeysUnavailable(LogUnavailable):
    """The store of keys cannot be reached. Nothing of what needed a key was recorded."""


class NewFact(NamedTuple):
    """A decided fact, encoded, on its way into the log."""

    stream: str
    version: int
    type: str
    tenant: str
    subject: str | None
    body: bytes


class CommandKey(NamedTuple):
    """An idempotency key in full (tenant, client, command and key) and the hash of the body.

    ``body_hash`` is empty for keys derived from a fact: those are not held to a body.
    ``keep_days`` is None for ever.
    """

    key: str
    body_hash: bytes
    keep_days: int | None


class Append(NamedTuple):
    """One request's decision. All of it is recorded, or none.

    ``facts`` are in order; each stream's versions are consecutive and continue the version that
    the decision rests on. ``conditions`` are the versions of streams that were read and are not
    written (0: the stream must not exist).
    """

    facts: tuple[NewFact, ...]
    conditions: tuple[tuple[str, int], ...] = ()
    key: CommandKey | None = None


class Appended(NamedTuple):
    """Recorded and durable: the facts stand at ``first_position`` and on, without gaps."""

    first_position: int
    recorded_at: datetime


class Lost(NamedTuple):
    """Nothing was recorded: these streams had moved (none named: a predecessor was lost)."""

    streams: tuple[str, ...]


class Repeated(NamedTuple):
    """Nothing was recorded now: the key already stands for these facts."""

    first_position: int
    size: int
    body_hash: bytes


Outcome = Appended | Lost | Repeated


class Exclusive(Protocol):
    """One stream, held across processes: whoever waits gets it in order of arrival."""

    async def read(self, after_version: int) -> Sequence[Envelope]:
        """Return the stream's facts with a higher version, in order."""

    async def append(self, requests: Sequence[Append]) -> Sequence[Outcome]:
        """Record a batch in one transaction and let the stream go. At most once per hold."""


class Log(Protocol):
    """The append-only log: positions are dense, and their order is the order of commits."""

    @property
    def generation(self) -> int:
        """A number that moves when what was read before may not be in the log any more: where a
        backup may have been restored, or another server took over."""

    def submit(self, request: Append, after: Sequence[Future[Outcome]] = ()) -> Future[Outcome]:
        """Hand in a decision; it goes into the next batch, after those submitted before it.

        ``after`` are the decisions, not yet recorded, that this one rests on: where one of them is
        not Appended, this one is Lost. Two requests that write one stream must be chained so.
        The future raises LogUnavailable where the outcome could not be learned.
        """

    def exclusive(self, stream: str) -> AbstractAsyncContextManager[Exclusive]:
        """Hold a stream that others write too, instead of losing races for it."""

    async def read_streams(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Envelope]]:
        """Return, per stream, the facts with a version above the one given; absent: none."""

    async def read_from(self, first_position: int, count: int) -> Sequence[Envelope]:
        """Return the facts at these positions."""

    async def find_keys(self, keys: Sequence[str]) -> Mapping[str, Repeated]:
        """Return what is recorded under these command keys; absent: nothing."""

    async def head(self) -> int:
        """Return the last position, 0 in an empty log."""


class SubjectKey(Protocol):
    """The key of one subject's personal fields."""

    def seal(self, plaintext: bytes, context: bytes) -> str:
        """Encrypt, bound to ``context``; the answer is text that ``open`` takes."""

    def open(self, sealed: str, context: bytes) -> bytes:
        """Decrypt. Raises ValueError where the text was altered or belongs to another context."""

    def mark(self, plaintext: bytes) -> str:
        """Return a digest of it that nobody can make or check without this key."""


class Keys(Protocol):
    """The keys that personal fields are sealed with, one for each subject."""

    async def for_subjects(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, SubjectKey]:
        """Return their keys, made and durable before this answers where there were none.

        A subject whose key was destroyed is absent, for ever. Raises KeysUnavailable.
        """

    async def existing(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, SubjectKey]:
        """Return the keys there are, and make none. Raises as ``for_subjects``."""

    async def digest_secret(self) -> bytes:
        """Return the secret that request bodies are digested with (they may be guessable)."""
