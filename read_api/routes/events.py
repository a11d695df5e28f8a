"""The route of events: a stream that goes on, or a page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.kernel import Envelope
from projections.cloudevents import structured
from projections.ports import StoreUnavailable
from read_api import cursors
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.parameters import POSITION_MAX, EventList
from read_api.ports.log import Selection, Window
from read_api.queries import consents, events, history
from read_api.responses import described, respond
from read_api.subscriptions import Subscriptions

_ID = re.compile(r"(?P<epoch>[A-Za-z0-9]{1,64})-(?P<position>[0-9]{1,19})")
RETRY_MILLISECONDS = 2_000
"""After which a subscriber that lost the connection comes back."""


class EventRoutes:
    """Answers for ``/v1/events``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps
        self._subscriptions = Subscriptions(deps, _messages)

    def add_to(self, router: APIRouter) -> None:
        """Take the address."""
        router.add_api_route(
            "/v1/events", self.events, **described(events.Events, "What happens", "events")
        )

    async def events(self, request: Request, given: Annotated[EventList, Query()]) -> Response:
        """CloudEvents, at least once, in the order of the log and without gaps.

        With `Accept: application/json` a page; otherwise Server-Sent Events, whose ids are
        `EPOCH-POSITION`: after a lost connection, go on with `Last-Event-ID`. Where the log has
        another epoch since then (a backup was restored), the stream says so with an event `epoch`,
        whose id is the beginning of the new one, and ends: what was taken in before may be gone.
        An analyst is told of learners only who agree to the purpose `analytics`, where that is
        published and rests on consent.

        Without a position the stream begins with what comes next, a page with the first event. With
        `epoch`, an `after` of another epoch is refused instead of taken for one of this.
        """
        deps, asking = self._deps, self._deps.principal(request)
        history.check_types(deps, given.type)
        epoch = (await deps.log.head()).epoch
        if given.epoch not in (None, epoch):
            raise BadParameter("epoch", f"has ended; it is {epoch} now: begin again at 0")
        types = None if given.type is None else tuple(given.type)
        purpose = consents.purpose_of(asking, given.run, given.subject)
        selection = Selection(types, given.run, given.subject, purpose)
        if "application/json" in request.headers.get("accept", ""):
            after = given.after or 0
            if given.next is not None:
                of, after = cursors.decode(given.next, "events", (str, int))
                if of != epoch:
                    raise BadParameter("next", f"is of an epoch that has ended; it is {epoch} now")
            return respond(
                request,
                await events.events(
                    deps, asking, after=after, limit=given.limit, selection=selection
                ),
            )
        epoch, after = await self._beginning(request, given)
        return StreamingResponse(
            self._stream(asking.tenant, after, selection, epoch),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _beginning(self, request: Request, given: EventList) -> tuple[str, int]:
        """Return the epoch and the position to go on after."""
        head = await self._deps.log.head()
        last = request.headers.get("last-event-id")
        if last is None:
            epoch, after, field = head.epoch, given.after, "after"
        else:
            (epoch, after), field = _read_id(last), "Last-Event-ID"
        if after is None:
            after = head.position
        if epoch == head.epoch and after > head.position:
            raise BadParameter(field, f"is beyond the log, which ends at {head.position}")
        return epoch, after

    async def _stream(
        self, tenant: str, after: int, selection: Selection, epoch: str
    ) -> AsyncIterator[bytes]:
        """Yield messages. One without facts moves the last id of a subscriber who selects, so that
        what was looked through once is not looked through again. The stream ends with its epoch:
        positions mean other facts from then on."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        try:
            now = (await self._deps.log.head()).epoch
            if now != epoch:
                yield _ended(now)
                return
            async for told in self._subscriptions.follow(tenant, after, selection):
                if told.epoch != epoch:
                    yield _ended(told.epoch)
                    return
                yield told.body or b": still here\nid: %s\n\n" % _id(epoch, told.through)
        except StoreUnavailable:
            yield b": the log is away, come back\n\n"


def _messages(window: Window) -> bytes:
    return b"".join(_message(fact, window.epoch) for fact in window.facts)


def _message(fact: Envelope, epoch: str) -> bytes:
    data = msgspec.json.encode(structured(fact, epoch))
    identity = _id(epoch, fact.position)
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (identity, fact.type.encode(), data)


def _ended(now: str) -> bytes:
    """Say that the epoch has ended; whoever comes back with this id begins anew."""
    data = msgspec.json.encode({"epoch": now})
    return b"id: %s\nevent: epoch\ndata: %s\n\n" % (_id(now, 0), data)


def _id(epoch: str, position: int) -> bytes:
    return f"{epoch}-{position}".encode()


def _read_id(text: str) -> tuple[str, int]:
    """Read the id of a message. Raises BadParameter."""
    found = _ID.fullmatch(text)
    if found is None or int(found["position"]) > POSITION_MAX:
        raise BadParameter("Last-Event-ID", "must be the id of an event: EPOCH-POSITION")
    return found["epoch"], int(found["position"])
