"""What does one process of a cluster share with the others, and how is it had?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

from commands.remembered import Answers
from infra.cache.answers import RedisAnswers
from infra.cache.epoch import PostgresEpoch
from infra.cache.hot import RedisHot
from infra.cache.limits import RedisLimits
from infra.cache.memory import MemoryLimits
from infra.cache.notices import RedisSource
from infra.cache.shared import Shared
from infra.log.notices import Source
from infra.settings.fields import Settings
from infra.web.hot_entries import Hot
from infra.web.rates import Rates, rates


class Sharing(NamedTuple):
    """What is shared; None, or nothing, where there is no Redis. ``rates`` are this process's own
    then. ``reachable`` says whether Redis answered of late."""

    hot: Hot | None = None
    answers: Answers | None = None
    rates: Rates = Rates()
    sources: tuple[Source, ...] = ()
    reachable: Callable[[], bool] | None = None


@asynccontextmanager
async def sharing(settings: Settings, dsn: str) -> AsyncIterator[Sharing]:
    """Have what is shared for a while. Redis may be away, now or later."""
    if settings.redis_url is None:
        yield Sharing(rates=rates(settings, MemoryLimits))
        return
    epoch = PostgresEpoch(dsn)
    shared = Shared(settings.redis_url, settings.cluster, epoch)
    await epoch.open()
    try:
        yield Sharing(
            RedisHot(shared),
            RedisAnswers(shared),
            rates(settings, partial(RedisLimits, shared)),
            (RedisSource(settings.redis_url, settings.cluster),),
            lambda: shared.reachable,
        )
    finally:
        await epoch.close()
        await shared.close()
