"""How do a policy's orders get into the command pipeline?"""

from __future__ import annotations

import msgspec

from commands.batch import CommandReader
from commands.ports import LogUnavailable
from commands.remembered import Transacts
from commands.requests import Contended, KeyBusy, Recorded
from domain.access import Principal
from domain.kernel import Envelope, Refusal
from streams.ports import Dispatched, Order


class PipelineDispatch:
    """Implements ``streams.ports.Dispatch`` on the pipeline of this process."""

    def __init__(self, pipeline: Transacts, reader: CommandReader) -> None:
        self._pipeline = pipeline
        self._reader = reader

    async def __call__(self, order: Order, principal: Principal, cause: Envelope) -> Dispatched:
        """Transact one command, caused by a fact. Raises LogUnavailable, and what is a fault.

        It is judged by the time when its cause occurred, and its facts take that time over, so that
        what was true at a moment includes what followed from it.
        """
        body = msgspec.json.encode({"occurred_at": cause.occurred_at, **order.body})
        request = self._reader.read(order.command, body, principal, order.key)
        try:
            answer = await self._pipeline.execute(request._replace(cause=cause))
        except Refusal as refusal:
            return Dispatched("refused", refusal.rule)
        except (Contended, KeyBusy) as error:
            raise LogUnavailable(f"{order.command} is to be sent again") from error
        return Dispatched("recorded" if isinstance(answer, Recorded) else "unchanged")
