"""What do followers of the log that send commands need?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from domain.access import Principal
from domain.kernel import Envelope


class Order(NamedTuple):
    """A command that a policy sends because of a fact.

    ``key`` is derived from the fact, so that the same fact decides once, however often it is read.
    """

    command: str
    body: Mapping[str, Any]
    key: str


class Dispatched(NamedTuple):
    """What came of an order. A refusal is an answer; ``rule`` names it."""

    status: Literal["recorded", "unchanged", "refused"]
    rule: str | None = None


class Dispatch(Protocol):
    """The command pipeline, as policies use it."""

    async def __call__(self, order: Order, principal: Principal, cause: Envelope) -> Dispatched:
        """Transact one command, caused by a fact.

        Raises ``commands.ports.LogUnavailable`` where the outcome could not be learned: send it
        again with its key. Anything else that is raised is a fault of the policy or the command.
        """


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


class Roster(Protocol):
    """Who is in a run."""

    async def active_at(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects who were in the run as of a position of the log, in order."""

    async def handed_in_by(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects who had handed in work in the run by a position, in order."""

    async def with_facts(
        self, tenant: str, run: str, position: int, types: Collection[str], without: str
    ) -> Sequence[str]:
        """Return the subjects, in order, in whose enrolments in the run stood a fact of one of
        these types by that position, and none of the type ``without``."""
