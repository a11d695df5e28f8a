"""How do queries read the tree and the last seal in PostgreSQL?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from domain.evidence.tiles import TileId
from infra.evidence.statements import TILES, named
from infra.stores.reading import Pool, look, reading
from read_api.ports.evidence import Leaf, Seal


class PostgresEvidence:
    """Implements ``read_api.ports.evidence.Evidence``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def seal(self) -> Seal | None:
        """Return what was last signed."""
        rows = await look(self._pool, "select epoch, size, note, keys from evidence.sealed")
        return Seal(**rows[0]) if rows else None

    async def tiles(self, wanted: Collection[TileId]) -> Mapping[TileId, bytes]:
        """Return those of these tiles that there are."""
        async with reading(self._pool) as connection:
            cursor = connection.cursor(binary=True)
            rows = await (await cursor.execute(TILES, named(wanted))).fetchall()
        return {TileId(row["level"], row["number"]): row["hashes"] for row in rows}

    async def leaf(self, tenant: str, position: int) -> Leaf | None:
        """Return what the leaf of a position covers, where it is the tenant's."""
        found = await self.leaves(tenant, [position])
        return found[0] if found else None

    async def leaves(self, tenant: str, positions: Sequence[int]) -> Sequence[Leaf]:
        """Return what the leaves of these positions cover, of those that are the tenant's."""
        async with reading(self._pool, tenant) as connection:
            cursor = await connection.execute(
                "select position, recorded_at, version, body from log.facts"
                " where position = any(%s) order by position",
                (list(positions),),
            )
            return [Leaf(**row) for row in await cursor.fetchall()]
