"""Which request may go to the log, and what is known of it before it does?"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from typing import NamedTuple

from commands.ports import Append, NewFact, Outcome
from infra.log import encoding

REQUEST_FACTS_MAX = 4_096
VERSION_MAX = 2**31 - 1


class Columns(NamedTuple):
    """The facts of a request, column by column, as elements of arrays."""

    streams: bytes
    types: bytes
    tenants: bytes
    subjects: bytes
    bodies: bytes


class Pending:
    """A request that waits, checked."""

    __slots__ = ("_columns", "after", "deadline", "future", "last", "request", "size", "writes")

    def __init__(
        self,
        request: Append,
        future: Future[Outcome],
        after: Sequence[Future[Outcome]],
        deadline: float,
    ) -> None:
        """Raises ValueError where the request is not one that a log may take."""
        self.request = request
        self.future = future
        self.after = after
        self.deadline = deadline
        check(request)
        facts = request.facts
        if len(facts) == 1:
            stream, version, _, _, _, body = facts[0]
            self.writes: Sequence[tuple[str, int]] = ((stream, version - 1),)
            self.last = {stream: version}
            self.size = len(body) + len(stream)
        else:
            self.writes, self.last = written(request)
            self.size = sum([len(fact.body) + len(fact.stream) for fact in facts])
        self._columns: Columns | None = None

    def encoded(self) -> Columns:
        """Encode its facts, once; worth asking for early, while the server is busy."""
        if self._columns is None:
            facts = self.request.facts
            if len(facts) == 1:
                self._columns = _columns_of_one(facts[0])
            else:
                self._columns = Columns(
                    *map(b"".join, zip(*map(_columns_of_one, facts), strict=True))
                )
        return self._columns


def _columns_of_one(fact: NewFact) -> Columns:
    return Columns(
        encoding.text_element(fact.stream),
        encoding.name_element(fact.type),
        encoding.name_element(fact.tenant),
        encoding.text_element(fact.subject),
        encoding.element(fact.body),
    )


def check(request: Append) -> None:
    """Raise ValueError where a value would not go into its column (and fail a whole batch)."""
    for stream, version, type_, tenant, subject, _ in request.facts:
        if not 0 < version <= VERSION_MAX:
            raise ValueError(f"{version} is not a version: they count from 1")
        if "\0" in stream or "\0" in type_ or "\0" in tenant or "\0" in (subject or ""):
            raise ValueError(f"a fact on {stream!r} holds a NUL character")
    if request.key is not None and "\0" in request.key.key:
        raise ValueError("the command key holds a NUL character")


def written(request: Append) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """Return the streams that a request writes, each with the version before, and its last ones.

    Raises ValueError where there are no facts, too many, or a stream's versions are not
    consecutive.
    """
    facts = request.facts
    if not 0 < len(facts) <= REQUEST_FACTS_MAX:
        raise ValueError(f"a request has 1 to {REQUEST_FACTS_MAX} facts, not {len(facts)}")
    writes: list[tuple[str, int]] = []
    last: dict[str, int] = {}
    for fact in facts:
        before = last.get(fact.stream)
        if before is None:
            writes.append((fact.stream, fact.version - 1))
        elif fact.version != before + 1:
            raise ValueError(f"versions of {fact.stream} are not consecutive")
        last[fact.stream] = fact.version
    return writes, last
