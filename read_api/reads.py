"""Who read which record? What is noted of a request that is let in, and where."""

from __future__ import annotations

import re
from asyncio import Future
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import uuid4

import msgspec
from starlette.types import Message, Scope, Send

from domain.access import DEVELOPMENT, Principal
from domain.access.permissions import OF_ALL, OF_MANY, RECORDED, Permission
from projections.ports import StoreUnavailable


class Unnoted(Exception):
    """A read could not be noted while it was answered; nothing was let out. No handler of problems
    knows it: by then one further in would take it for a fault in the middle of an answer."""


_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")


class Read(NamedTuple):
    """Somebody was let in to read a learner's record, or (``subject`` None) those of a whole run,
    or (``run`` None, too) to list and search all learners.

    ``address`` is that of the route, without what stood in it; ``permission`` what let them in.
    """

    tenant: str
    actor: str
    client: str
    permission: str
    address: str
    subject: str | None
    run: str | None
    request_id: str


class NotedRead(msgspec.Struct, frozen=True, kw_only=True):
    """A read as it was noted; ``id`` counts up in the order of noting."""

    id: int
    read_at: datetime
    actor: str
    client: str
    permission: str
    address: str
    subject: str | None
    run: str | None
    request_id: str


class ReadsAsked(NamedTuple):
    """Which reads: of a subject, of whole ``runs`` that they are in, and of all learners; of a run;
    by an actor; from a time on, and before another; with a lower id than ``before``. None: any."""

    tenant: str
    subject: str | None = None
    runs: Sequence[str] = ()
    run: str | None = None
    actor: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    before: int | None = None


class Reads(Protocol):
    """The log of who read which record, apart from the event log."""

    def note(self, read: Read) -> Future[None]:
        """Keep a read; it is durable when this is done. Raises StoreUnavailable then."""

    async def find(self, asked: ReadsAsked, limit: int) -> Sequence[NotedRead]:
        """Return what was noted, latest first. Raises StoreUnavailable."""


def to_note(
    asking: Principal,
    permission: Permission,
    address: str,
    run: str | None,
    subject: str | None,
    scope: Scope,
) -> Read | None:
    """Return what is to be noted of a request that was let in; None: nothing. One's own record is
    read without a note, and so is everything while everybody is the developer."""
    if permission not in RECORDED or asking is DEVELOPMENT or subject == asking.actor:
        return None
    if subject is None and permission not in (OF_ALL if run is None else OF_MANY):
        return None
    return Read(
        asking.tenant,
        asking.actor,
        asking.client,
        permission,
        address,
        subject,
        run,
        _request_id(scope),
    )


def held_back(noted: Future[None], send: Send) -> Send:
    """Return a way to answer that lets nothing out before this is noted. What cannot be noted is
    not answered: the way raises Unnoted."""
    noted.add_done_callback(_look)

    async def after(message: Message) -> None:
        try:
            await noted
        except StoreUnavailable as error:
            raise Unnoted(str(error)) from error
        await send(message)

    return after


def _look(noted: Future[None]) -> None:
    if not noted.cancelled():
        noted.exception()  # whoever answers gets it; nobody may come to answer


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return str(uuid4())
