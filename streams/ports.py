"""What do followers of the log that send commands need?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from commands.requests import Cause
from domain.access import Principal
from domain.jobs import Job, Progress


class Order(NamedTuple):
    """A command that a policy sends because of a fact.

    ``key`` is derived from the fact, so that the same fact decides once, however often it is read.
    ``after_all``: it is sent when the others of the same fact are answered.
    """

    command: str
    body: Mapping[str, Any]
    key: str
    after_all: bool = False


class Dispatched(NamedTuple):
    """What came of an order. A refusal is an answer; ``rule`` names it, and ``due`` says when to
    send it again where the moment has not come by what stands now."""

    status: Literal["recorded", "unchanged", "refused"]
    rule: str | None = None
    due: datetime | None = None


class Dispatch(Protocol):
    """The command pipeline, as policies use it."""

    async def __call__(
        self, order: Order, principal: Principal, cause: Cause, at: datetime | None = None
    ) -> Dispatched:
        """Transact one command, caused by a fact, and judged by the time given (None: by now).

        Raises ``commands.ports.LogUnavailable`` where the outcome could not be learned: send it
        again with its key. Anything else that is raised is a fault of the policy or the command.
        """


class DueKey(NamedTuple):
    """What something that falls due is known by, where it concerns a run ``subject`` is empty."""

    tenant: str
    kind: str
    run: str
    subject: str
    thing: str


class Due(NamedTuple):
    """Something that falls due: which command is to be sent, and the fact that said so."""

    key: DueKey
    due_at: datetime
    position: int
    each: bool
    command: str
    body: Mapping[str, Any]
    cause: Cause


class Timed(NamedTuple):
    """A command that is to be sent at ``again_at``. It is ``kept`` where its moment comes later
    than was said at first, or where it failed, with ``error``, so many times."""

    order: Order
    tenant: str
    cause: Cause
    again_at: datetime
    tries: int = 0
    error: str | None = None
    kept: bool = False


class Mark(NamedTuple):
    """Whatever the log up to ``position`` says was due by ``through`` has been sent."""

    position: int
    through: datetime
    began_at: int
    epoch: str


class Standing(NamedTuple):
    """How far the reading of what falls due is, where the log ends, and the database's clock."""

    position: int
    head: int
    epoch: str
    now: datetime


class FollowerState(NamedTuple):
    """How far a follower is, and where it began."""

    position: int
    began_at: int
    epoch: str


class Followers(Protocol):
    """Where followers keep their positions. Raises ``projections.ports.StoreUnavailable``."""

    def begin(self, name: str, position: int, epoch: str) -> FollowerState:
        """Return where a follower is; a new one begins here."""

    def move(self, name: str, expected: int, position: int, epoch: str) -> bool:
        """Note that all facts up to ``position`` were acted on.

        False: somebody else has moved the follower, and nothing was noted.
        """

    def fault(self, name: str, error: str | None) -> None:
        """Note what keeps a follower from moving; None: nothing any more."""


class Ended(NamedTuple):
    """A learner who is kept until a moment and under no legal hold, the position of their last
    fact, and the rule that keeps them so long as the cause."""

    subject: str
    until: datetime
    position: int
    cause: Cause


class EndedPage(NamedTuple):
    """Some learners whose keeping ends at all, and the subject to go on after; None: no more."""

    ended: Sequence[Ended]
    next: str | None


class Retained(Protocol):
    """Until when learners are kept. Raises ``projections.ports.StoreUnavailable``."""

    def settled(self, since: datetime) -> Sequence[str]:
        """Return the tenants that have rules of retention, and changed none since then."""

    def page(self, tenant: str, after: str) -> EndedPage:
        """Return some learners of a tenant, by subject after this one; not those whose erasure was
        asked for already."""


class Gates(Protocol):
    """Which runs lock modules."""

    async def is_gated(self, tenant: str, run: str) -> bool:
        """Whether a module requires something in the content version that stands now."""


class Roster(Protocol):
    """Who is in a run."""

    async def active_at(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects who were in the run as of a position of the log, in order."""

    async def handed_in_by(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects who had handed in work in the run by a position, or whose work was
        missing then, in order."""

    async def with_facts(
        self, tenant: str, run: str, position: int, types: Collection[str], without: str
    ) -> Sequence[str]:
        """Return the subjects, in order, in whose enrolments in the run stood a fact of one of
        these types by that position, and none of the type ``without``."""


class DueList(Protocol):
    """What falls due, as a reading of the log tells, and how far it has been sent.

    Every call raises ``projections.ports.StoreUnavailable``.
    """

    def standing(self) -> Standing:
        """Return how far the reading is."""

    def begin(self, mark: Mark) -> Mark:
        """Return how far was sent; a new scheduler begins here."""

    def move(self, before: Mark, after: Mark) -> bool:
        """Note how far was sent. False: somebody else moved it, and nothing was noted."""

    def late(self, mark: Mark, position: int, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what facts between the mark's position and this one say was due by the
        mark's moment, in order of position and key, after the one given."""

    def coming(self, mark: Mark, through: datetime, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what facts up to the mark's position say falls due after the mark's
        moment and by this one, in order of moment and key, after the one given."""

    def again(self, now: datetime) -> Sequence[Timed]:
        """Return a page of what is kept to be sent by now, the oldest first."""

    def postpone(self, order: Timed) -> None:
        """Keep this, in the place of what its key may stand for."""

    def settle(self, key: str) -> None:
        """Keep nothing under this key any more."""


class JobQueue(Protocol):
    """The jobs that are to be done. Every call raises ``projections.ports.StoreUnavailable``.

    A job is one worker's while its lease lasts; each word of progress renews it.
    """

    async def claim(self, kinds: Collection[str]) -> Job | None:
        """Take the job that waits longest, or whose worker is gone, and forget what came of it so
        far. None: there is nothing to do."""

    async def progress(self, job: Job, progress: Progress) -> bool:
        """Note how far it is. False: it is no longer this worker's."""

    async def put(self, job: Job, number: int, piece: bytes) -> bool:
        """Keep a piece of the result. False: it is no longer this worker's."""

    async def end(self, job: Job, error: str | None = None) -> bool:
        """Note that it is done, or why it failed. False: it is no longer this worker's."""

    async def tidy(self) -> int:
        """Forget jobs that are past their time, give up those that no worker survives, and return
        how many those were."""
