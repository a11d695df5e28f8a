"""Of what is the log of reads made?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.rows import dict_row

from infra.access.reads import PostgresReads
from infra.pools import async_pool

CONNECTIONS_MAX = 2
"""One that writes, and one for who asks."""
STATEMENT_SECONDS_MAX = 5


@asynccontextmanager
async def noting_reads(dsn: str) -> AsyncIterator[PostgresReads]:
    """Have the log of reads for a while."""
    options = f"-c statement_timeout={STATEMENT_SECONDS_MAX}s -c timezone=UTC -c jit=off"
    async with async_pool(
        dsn, CONNECTIONS_MAX, autocommit=True, row_factory=dict_row, options=options
    ) as pool:
        reads = PostgresReads(pool)
        reads.begin()
        try:
            yield reads
        finally:
            await reads.close()
