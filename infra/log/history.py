"""How is the log in PostgreSQL read by position, by stream and by time?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import DictRow

from domain.access import INSTALLATION
from domain.kernel import Envelope
from domain.registry import Registry
from infra.log.notices import LOG, Notices
from infra.stores.positions import POLL_SECONDS
from infra.stores.reading import Pool, look, reading
from projections.decoding import StoredFact, read
from projections.ports import StoreUnavailable
from read_api.ports.log import Head, Selection, TenantSize, Window

LAST_CHARACTER = chr(0x10FFFF)
FACTS_READ_MAX = 100_000
"""Facts of one answer, at most: of a learner with very many video reports, say."""

_FACTS: LiteralString = (
    "select position, recorded_at, version, stream, type, tenant, subject, body from log.facts "
)


class PostgresHistory:
    """Implements ``read_api.ports.log.LogHistory``."""

    def __init__(self, pool: Pool, registry: Registry, notices: Notices) -> None:
        self._pool = pool
        self._registry = registry
        self._notices = notices
        self._looking: asyncio.Task[None] | None = None
        self._looked = float("-inf")
        self._seen = 0
        self._untrue = 0

    async def head(self) -> Head:
        """Return the last position, its recorded time and the log's epoch."""
        (row,) = await self._rows(None, "select position, recorded_at, epoch from log.head()")
        return Head(row["position"], row["recorded_at"], row["epoch"])

    async def at(self, tenant: str, positions: Sequence[int]) -> Sequence[Envelope]:
        """Return the tenant's facts at these positions."""
        return await self._facts(
            tenant,
            "where position = any(%(positions)s) order by position",
            positions=list(positions),
        )

    async def streams(self, tenant: str, names: Sequence[str]) -> Sequence[Envelope]:
        """Return all facts of these streams of a tenant."""
        return await self._facts(
            tenant,
            "where stream = any(%(names)s) order by position limit %(most)s",
            names=list(names),
            most=FACTS_READ_MAX,
        )

    async def streams_under(self, tenant: str, prefix: str) -> Sequence[Envelope]:
        """Return all facts of a tenant's streams whose names begin so."""
        return await self._facts(
            tenant,
            "where stream >= %(prefix)s and stream < %(beyond)s order by position limit %(most)s",
            prefix=prefix,
            beyond=f"{prefix}{LAST_CHARACTER}",
            most=FACTS_READ_MAX,
        )

    async def stream_position(self, tenant: str, stream: str, version: int) -> int | None:
        """Return the position of this version of a stream."""
        rows = await self._rows(
            tenant,
            "select position from log.facts where stream = %(stream)s and version = %(version)s",
            stream=stream,
            version=version,
        )
        return rows[0]["position"] if rows else None

    async def window(
        self, tenant: str, after: int, width: int, limit: int, selection: Selection
    ) -> Window:
        """Return the selected facts of a stretch of the log."""
        head = await self.head()
        through = min(after + width, head.position)
        facts = await self._facts(
            tenant,
            """where position > %(after)s and position <= %(through)s
                 and (%(types)s::text[] is null or type = any(%(types)s))
                 and (%(subject)s::text is null or subject = %(subject)s)
                 and (%(run)s::text is null or (split_part(stream, '/', 3) = %(run)s
                                                and split_part(stream, '/', 2) <> 'course'))
               order by position limit %(limit)s""",
            after=after,
            through=through,
            limit=limit,
            types=None if selection.types is None else list(selection.types),
            subject=selection.subject,
            run=selection.run,
        )
        full = len(facts) == limit
        return Window(facts, facts[-1].position if full else max(after, through), head.epoch)

    async def position_at(self, recorded_at: datetime) -> int:
        """Return the last position recorded at this moment or before."""
        (row,) = await self._rows(
            None, "select log.position_at(%(at)s) as position", at=recorded_at
        )
        return int(row["position"])

    async def positions_at(self, moments: Sequence[datetime]) -> Sequence[int]:
        """Return the last position recorded at each of these moments or before."""
        rows = await self._rows(
            None,
            "select log.position_at(moment) as position"
            " from unnest(%(moments)s::timestamptz[]) with ordinality m(moment, number)"
            " order by number",
            moments=list(moments),
        )
        return [int(row["position"]) for row in rows]

    async def recorded_at(self, position: int) -> datetime | None:
        """Return when this position was recorded."""
        (row,) = await look(
            self._pool, "select log.recorded_at(%(position)s) as recorded_at", position=position
        )
        recorded_at: datetime | None = row["recorded_at"]
        return recorded_at

    async def tenants(self, after: str, limit: int) -> Sequence[TenantSize]:
        """Return some tenants after one."""
        rows = await self._rows(
            INSTALLATION,
            "select tenant, facts, learners from log.tenants(%(after)s, %(limit)s)",
            after=after,
            limit=limit,
        )
        return [TenantSize(**row) for row in rows]

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Return True as soon as the log holds a position beyond."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            notice = self._notices.next(LOG)
            if await self._told() > beyond or await self._end() > beyond:
                return True
            left = deadline - clock()
            if left <= 0:
                return False
            await self._notices.wait(notice, min(left, POLL_SECONDS))

    async def _told(self) -> int:
        """Return the end of the log as a notice told it, having looked: whoever has a login can
        notify."""
        told = self._notices.head
        for _ in range(2):  # somebody's look may have begun before the notice came
            if told > self._seen and told != self._untrue:
                await self._look()
        return self._seen

    async def _end(self) -> int:
        """Return the end of the log as it was a moment ago."""
        since = asyncio.get_running_loop().time() - self._looked
        if self._looking is not None or since >= POLL_SECONDS / 2:
            await self._look()
        return self._seen

    async def _look(self) -> None:
        """Look at the end of the log, once for all who ask meanwhile: they go on at the same time,
        and where it fails, only who asked first is told."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._see(), name="end of the log")
            self._looking.add_done_callback(self._looked_at)
            await asyncio.shield(self._looking)
        else:
            with contextlib.suppress(StoreUnavailable):
                await asyncio.shield(self._looking)

    async def _see(self) -> None:
        told, self._looked = self._notices.head, asyncio.get_running_loop().time()
        self._seen = (await self.head()).position
        if told > self._seen:
            self._untrue = told

    def _looked_at(self, look: asyncio.Task[None]) -> None:
        self._looking = None
        if not look.cancelled():
            look.exception()  # who asked first gets it, unless he is gone

    async def _rows(
        self, tenant: str | None, statement: LiteralString, **values: Any
    ) -> list[DictRow]:
        async with reading(self._pool, tenant) as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall()

    async def _facts(self, tenant: str, condition: LiteralString, **values: Any) -> list[Envelope]:
        rows = await self._rows(tenant, _FACTS + condition, **values)
        return [read(StoredFact(**row), self._registry) for row in rows]
