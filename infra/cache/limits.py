"""How do all processes of a cluster count a client's requests together?

A bucket holds ``burst`` tokens and gets ``per_second`` new ones; a request takes one.
"""

from __future__ import annotations

import hashlib

from infra.cache.memory import MemoryLimits
from infra.cache.shared import Shared

DIGEST_BYTES = 16

# Redis's own clock counts for everybody. What is returned is text: Redis would cut a number down.
_TAKE = """
local per_second, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * per_second)
local seconds = 0
if tokens >= 1 then tokens = tokens - 1 else seconds = (1 - tokens) / per_second end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens),
  'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / per_second * 1000) + 1000)
return string.format('%.6f', seconds)
"""


class RedisLimits:
    """Implements ``infra.web.rates.Limits`` for all processes of a cluster together; while Redis is
    away, each counts for itself."""

    def __init__(self, shared: Shared, per_second: int, burst: int) -> None:
        self._shared = shared
        self._alone = MemoryLimits(per_second, burst)
        self._rate = (per_second, burst)

    async def take(self, client: str) -> float:
        """Count a request."""
        name = hashlib.blake2b(client.encode(), digest_size=DIGEST_BYTES).hexdigest()
        seconds = await self._shared.ask(
            lambda at: ("EVAL", _TAKE, 1, f"{at}limit:{name}", *self._rate)
        )
        return await self._alone.take(client) if seconds is None else float(seconds)
