"""The route of events: a stream that goes on, or a page."""

from __future__ import annotations

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
from read_api.ports import Selection, Window
from read_api.queries import events, history
from read_api.responses import described, respond
from read_api.subscriptions import Subscriptions

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
        positions: after a lost connection, go on with `Last-Event-ID`. Without a position the
        stream begins with what comes next, a page with the first event. With the `epoch` of the
        last event, a position of another epoch is refused (a backup was restored) instead of taken
        for one of this.
        """
        deps, asking = self._deps, self._deps.principal(request)
        history.check_types(deps, given.type)
        epoch = (await deps.log.head()).epoch
        if given.epoch not in (None, epoch):
            raise BadParameter("epoch", f"has ended; it is {epoch} now: begin again at 0")
        types = None if given.type is None else tuple(given.type)
        selection = Selection(types, given.run, given.subject)
        if "application/json" in request.headers.get("accept", ""):
            after = given.after or 0
            if given.next is not None:
                (after,) = cursors.decode(given.next, "events", (int,))
            return respond(
                request,
                await events.events(
                    deps, asking, after=after, limit=given.limit, selection=selection
                ),
            )
        after = await self._beginning(request, given)
        return StreamingResponse(
            self._stream(asking.tenant, after, selection, epoch),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _beginning(self, request: Request, given: EventList) -> int:
        head = (await self._deps.log.head()).position
        last = request.headers.get("last-event-id")
        if last is None:
            after, field = (head if given.after is None else given.after), "after"
        elif last.isascii() and last.isdigit() and int(last) <= POSITION_MAX:
            after, field = int(last), "Last-Event-ID"
        else:
            raise BadParameter("Last-Event-ID", "must be a position of the log")
        if after > head:
            raise BadParameter(field, f"is beyond the log, which ends at {head}")
        return after

    async def _stream(
        self, tenant: str, after: int, selection: Selection, epoch: str
    ) -> AsyncIterator[bytes]:
        """Yield messages. One without facts moves the last id of a subscriber who selects, so that
        what was looked through once is not looked through again. The stream ends with its epoch:
        positions mean other facts from then on."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        try:
            async for told in self._subscriptions.follow(tenant, after, selection):
                if told.epoch != epoch:
                    yield b"event: epoch\ndata: %s\n\n" % msgspec.json.encode({"epoch": told.epoch})
                    return
                yield told.body or b": still here\nid: %d\n\n" % told.through
        except StoreUnavailable:
            yield b": the log is away, come back\n\n"


def _messages(window: Window) -> bytes:
    return b"".join(_message(fact, window.epoch) for fact in window.facts)


def _message(fact: Envelope, epoch: str) -> bytes:
    data = msgspec.json.encode(structured(fact, epoch))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (fact.position, fact.type.encode(), data)
