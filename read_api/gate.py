"""Who comes in? Every address is checked against the table of permissions before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from domain.access import Principal
from domain.access.deciding import NotPermitted, anywhere, require, require_strong
from domain.access.queries import Asks
from projections.ports import StoreUnavailable
from read_api.reads import Read, Reads, Unnoted, held_back, to_note

Asking = Callable[[HTTPConnection], Principal]


class Reached(NamedTuple):
    """What a request that is let in is about: a run, somebody's record, both or neither."""

    run: str | None
    subject: str | None


def reached(asking: Principal, asks: Asks, names: Mapping[str, str], query: str) -> Reached | None:
    """Let somebody in where an address asks for this, and say what it is about; ``names`` stand in
    its path. None: only the answer shows it, or it is open to all.

    Raises NotPermitted or NotStrong.
    """
    if asks.permission is None:
        return None
    if asks.tells:
        if not anywhere(asking, asks.permission):
            raise NotPermitted(asks.permission)
        require_strong(asking, asks.permission)
        return None
    run, subject = names.get("run"), names.get("subject", names.get("actor"))
    if asks.selects:
        chosen = parse_qs(query, keep_blank_values=True)
        run = run or _only(chosen, "run")
        subject = subject or _only(chosen, "subject")
    require(asking, asks.permission, run, subject)
    return Reached(run, subject)


class Gate:
    """Lets requests in, by a table of addresses, and has noted who reads which record. ``asking``
    says who sends one."""

    def __init__(self, asking: Asking, table: Mapping[str, Asks], reads: Reads) -> None:
        self.asking = asking
        self.reads = reads
        self._table = table

    def enter(self, path: str, scope: Scope, names: Mapping[str, str]) -> Read | None:
        """Let a request in that is for the address ``path``, where ``names`` stand in it, and
        return what is to be noted of it. Raises NotPermitted or NotStrong."""
        asks = self._table.get(path)
        if asks is None:
            raise NotPermitted(None)
        if asks.permission is None:
            return None
        asking = self.asking(HTTPConnection(scope))
        at = reached(asking, asks, names, scope["query_string"].decode("latin-1"))
        if at is None:
            return None
        return to_note(asking, asks.permission, path, at.run, at.subject, scope)

    def route_class(self) -> type[APIRoute]:
        """Return the class of routes that let nobody in but through this gate."""
        gate = self

        class Gated(APIRoute):
            async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
                read = gate.enter(self.path, scope, scope["path_params"])
                if read is None:
                    await super().handle(scope, receive, send)
                    return
                try:
                    answer = held_back(gate.reads.note(read), send)
                    await super().handle(scope, receive, answer)
                except Unnoted as error:
                    raise StoreUnavailable(str(error)) from error

        return Gated


def _only(chosen: Mapping[str, list[str]], name: str) -> str | None:
    """Return a parameter that is given once; given twice, nothing is chosen."""
    values = chosen.get(name, [])
    return values[0] if len(values) == 1 else None
