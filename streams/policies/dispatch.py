"""How do a policy's orders get into the command pipeline?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from commands.batch import CommandReader
from commands.ports import LogUnavailable
from commands.remembered import Transacts
from commands.requests import Cause, Contended, KeyBusy, Recorded
from domain.access import Principal
from domain.due import NotDue
from domain.kernel import Refusal
from streams.ports import Dispatched, Order


class PipelineDispatch:
    """Implements ``streams.ports.Dispatch`` on the pipeline of this process."""

    def __init__(self, pipeline: Transacts, reader: CommandReader) -> None:
        self._pipeline = pipeline
        self._reader = reader

    async def __call__(
        self, order: Order, principal: Principal, cause: Cause, at: datetime | None = None
    ) -> Dispatched:
        """Transact one command, caused by a fact. Raises LogUnavailable, and what is a fault.

        Where a policy gives the time when its cause occurred, facts take that over, so that what
        was true at a moment includes what followed from it.
        """
        body = {**order.body} if at is None else {"occurred_at": at, **order.body}
        request = self._reader.read(order.command, msgspec.json.encode(body), principal, order.key)
        try:
            answer = await self._pipeline.execute(request._replace(cause=cause))
        except NotDue as refusal:
            return Dispatched("refused", refusal.rule, refusal.due)
        except Refusal as refusal:
            return Dispatched("refused", refusal.rule)
        except (Contended, KeyBusy) as error:
            raise LogUnavailable(f"{order.command} is to be sent again") from error
        return Dispatched("recorded" if isinstance(answer, Recorded) else "unchanged")
