"""Which parts forget learners, and keep forgotten who was?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from commands.ports import KeysUnavailable
from domain.streams import REGISTRY
from infra.compose.parts import Commands
from infra.erasure.forgetting import Forgetting
from infra.erasure.leaving import Leaving
from infra.erasure.restored import repeat_erasures
from infra.keys.store import KeyStore
from infra.log.reader import PostgresLogReader
from infra.stores.followers import PostgresFollowers
from streams.policies.dispatch import PipelineDispatch
from streams.policies.erase_learners import EraseLearners
from streams.policies.erase_tenants import EraseTenants
from streams.policies.follower import Follower
from streams.policies.policy import Policy

EPOCH_LOOK_SECONDS = 3_600

_log = logging.getLogger(__name__)


@asynccontextmanager
async def erasing(
    dsn: str,
    keys: KeyStore,
    commands: Commands,
    expunge: Callable[[], None] | None = None,
    *,
    relays: bool = False,
) -> AsyncIterator[list[Follower]]:
    """Follow the log with the policies that erase, and end epochs that are old, for a while.

    Erasures that a restored log lacks are asked for first. ``expunge`` and ``relays`` are those of
    ``Forgetting``. Raises LogUnavailable, KeysUnavailable, and psycopg.Error.
    """
    dispatch = PipelineDispatch(commands.dependencies.pipeline, commands.dependencies.reader)
    await repeat_erasures(keys, dsn, dispatch)
    forgetting = Forgetting(keys, dsn, expunge, relays=relays)
    leaving, followers = Leaving(keys, dsn, REGISTRY), PostgresFollowers(dsn)
    all_policies: tuple[Policy, ...] = (EraseLearners(forgetting), EraseTenants(leaving, dispatch))
    readers = [PostgresLogReader(dsn) for _ in all_policies]
    # From the very first fact on: no erasure may be passed over because it was asked for early.
    eraser = [
        Follower(policy, own, followers, dispatch, REGISTRY, begin_at=0)
        for policy, own in zip(all_policies, readers, strict=True)
    ]
    tasks = [asyncio.create_task(one.run(), name=one.policy.name) for one in eraser]
    ending = asyncio.create_task(_end_old_epochs(keys), name="old epochs")
    try:
        yield eraser
    finally:
        for one in eraser:
            one.stop()
        ending.cancel()
        await asyncio.gather(*tasks, ending, return_exceptions=True)
        for close in (
            *(one.close for one in readers),
            followers.close,
            forgetting.close,
            leaving.close,
        ):
            await asyncio.to_thread(close)


async def _end_old_epochs(keys: KeyStore) -> None:
    while True:
        try:
            rotated = await asyncio.to_thread(keys.rotate_if_old)
            if rotated is not None:
                _log.info("epoch %d began; %d keys are wrapped anew", *rotated[:2])
        except KeysUnavailable as error:
            _log.warning("the epoch of the keys is ended another time: %s", error)
        await asyncio.sleep(EPOCH_LOOK_SECONDS)
