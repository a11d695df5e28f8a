"""Does one relay lead, and does nobody else move its places?"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import psycopg
import pytest

from infra.log.pages import PAGE_BYTES_MAX, PostgresPages
from infra.stores.relay import PostgresLead
from projections.ports import StoreUnavailable
from streams.relay.ports import LeadLost
from tests.relay.load import CANARY, record

SECONDS_MAX = 30


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine, half a minute at most."""

    async def bounded() -> None:
        async with asyncio.timeout(SECONDS_MAX):
            await work

    asyncio.run(bounded())


def test_one_leads_until_it_goes(dsn: str) -> None:
    """The other is told to wait, and has it as soon as the first is gone."""

    async def work() -> None:
        one, two = PostgresLead(dsn), PostgresLead(dsn)
        assert await one.take()
        assert not await two.take()
        await one.close()
        while not await two.take():  # noqa: ASYNC110 - what is waited for is the server
            await asyncio.sleep(0.01)
        assert (await two.check()).position == 0
        await two.close()

    run(work())


def test_places_are_kept_and_belong_to_an_epoch(dsn: str) -> None:
    """They only go forward; in a new epoch they begin at 0, and the old one cannot be moved."""

    async def work() -> None:
        lead = PostgresLead(dsn)
        assert await lead.take()
        assert await lead.begin("packs", "a") == 0
        await lead.move("packs", "a", 7)
        assert await lead.begin("packs", "a") == 7
        assert await lead.begin("public", "a") == 0
        with pytest.raises(LeadLost):
            await lead.move("packs", "a", 6)
        assert await lead.begin("packs", "b") == 0
        with pytest.raises(LeadLost):
            await lead.move("packs", "a", 9)
        await lead.close()

    run(work())


def test_a_session_that_is_gone_is_a_lead_that_is_lost(dsn: str) -> None:
    """Nothing is asked again on another session, which would not hold the lead."""

    async def work() -> None:
        lead = PostgresLead(dsn)
        assert await lead.take()
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
            await other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'registrar-relay'"
                " and datname = current_database()"
            )
        with pytest.raises(LeadLost):
            await lead.check()
        with pytest.raises(LeadLost):
            await lead.move("packs", "a", 1)
        await lead.close()

    run(work())


def test_a_server_that_is_away_cannot_be_asked() -> None:
    """Whoever stands by tries again."""

    async def work() -> None:
        with pytest.raises(StoreUnavailable):
            await PostgresLead("postgresql://127.0.0.1:9/none").take()

    run(work())


def test_pages_have_columns_and_bounds(dsn: str) -> None:
    """Facts with their columns, the epoch and the end; many large ones are fewer a page."""
    record(dsn, 30)
    large = PAGE_BYTES_MAX // 3
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "insert into log.facts select 30 + n, now(), n, 'main/course/L', 'Large', 'main', null,"
            " convert_to(repeat('x', %s), 'utf8') from generate_series(1, 9) n",
            (large,),
        )

    async def work() -> None:
        pages = PostgresPages(dsn)
        page = await pages.page(0, 10)
        assert [fact.position for fact in page.facts] == list(range(1, 11))
        assert page.head == 39
        first = page.facts[0]
        assert (first.stream, first.type) == ("main/enrolment/AAA-2026/s0", "LearnerEnrolled")
        assert (first.tenant, first.subject, first.version) == ("main", "s0", 1)
        assert CANARY.encode() in first.body
        found, sizes = 30, []
        while found < 39:
            page = await pages.page(found, 1_000)
            sizes.append(len(page.facts))
            found = page.facts[-1].position
        assert max(sizes) <= 4
        assert await pages.wait(38, 1.0)
        assert not await pages.wait(39, 0.05)
        assert (await pages.page(39, 10)).facts == []
        await pages.close()

    run(work())
