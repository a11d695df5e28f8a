"""Does a batch end where its bounds are, whatever it is that there is much of?"""

from __future__ import annotations

import asyncio

import pytest

from infra.log.batch import BATCH_BYTES_MAX, BATCH_FACTS_MAX, BATCH_REQUESTS_MAX, Batch
from infra.log.pending import Pending
from tests.log.facts import append, fact, run


@pytest.mark.parametrize(
    ("facts", "characters", "requests"),
    [(1, 1, BATCH_REQUESTS_MAX), (512, 1, BATCH_FACTS_MAX // 512), (1, BATCH_BYTES_MAX // 4, 4)],
    ids=["requests", "facts", "bytes"],
)
def test_a_batch_is_full_at_its_bounds(facts: int, characters: int, requests: int) -> None:
    """With the request that reaches one, and not before."""

    async def test() -> None:
        batch, text = Batch(), "x" * characters
        for number in range(requests):
            assert not batch.full
            request = append(*(fact(f"{number}", n, text) for n in range(1, facts + 1)))
            future = asyncio.get_running_loop().create_future()
            assert batch.add(Pending(request, future, (), 0.0))
        assert batch.full

    run(test())
