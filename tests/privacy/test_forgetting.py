"""Is a step of an erasure done only when all that it speaks of is so?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from infra.compose.keys import key_store
from infra.erasure import forgetting
from infra.erasure.forgetting import Forgetting
from infra.settings.fields import Settings
from projections.ports import StoreUnavailable

HELD_SECONDS = 0.2


def put(dsn: str, statement: LiteralString, *values: object) -> list[Any]:
    """Run a statement as the tables' owner, and return its rows."""
    with psycopg.connect(dsn) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


class Place:
    """What forgets, and how often the search index was expunged."""

    def __init__(self, dsn: str, data: Path) -> None:
        self.expunged = 0
        self.forgets = Forgetting(
            key_store(Settings(data=str(data))),
            dsn,
            self._expunge,
            relays=True,
            held_seconds=HELD_SECONDS,
        )

    def _expunge(self) -> None:
        self.expunged += 1


@pytest.fixture
def place(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(forgetting, "WAIT_SECONDS_MAX", 0.0)
    one = Place(dsn, tmp_path)
    with closing(one.forgets):
        yield one


def test_no_process_holds_the_key_any_more(place: Place) -> None:
    """So long after it was destroyed as one may be held; who begins again later waits no longer."""
    destroyed_at = datetime.now(UTC)
    for _ in range(2):
        asyncio.run(place.forgets.drop_caches(destroyed_at))
        assert datetime.now(UTC) - destroyed_at >= timedelta(seconds=HELD_SECONDS)
    early = datetime.now(UTC)
    asyncio.run(place.forgets.drop_caches(destroyed_at))
    assert datetime.now(UTC) - early < timedelta(seconds=HELD_SECONDS)


def test_the_index_is_expunged_once_the_search_is_there(dsn: str, place: Place) -> None:
    """Not before, for what it replaces then would stay; once for all who came by then."""

    def reaches(position: int) -> None:
        put(dsn, "update readings.state set position = %s where name = 'search'", position)

    put(
        dsn,
        "insert into readings.state (name, generation, version, position, live, epoch)"
        " values ('search', 1, 1, 6, true, 'e')",
    )

    async def purges() -> None:
        with pytest.raises(StoreUnavailable, match="waits for the search: at 6, not at 7"):
            await place.forgets.purge_index(7)
        assert place.expunged == 0
        reaches(7)
        await place.forgets.purge_index(7)
        assert place.expunged == 1
        reaches(10)
        for position in (8, 9, 10):
            await place.forgets.purge_index(position)
        assert place.expunged == 2

    asyncio.run(purges())


def test_consumers_outside_were_told(dsn: str, place: Place) -> None:
    """By the relay, in this epoch of the log: the tombstone went with the fact."""

    def tells(epoch: str, position: int) -> None:
        put(
            dsn,
            "insert into streams.relay (name, epoch, position) values ('public', %s, %s)"
            " on conflict (name) do update set epoch = excluded.epoch,"
            " position = excluded.position",
            *(epoch, position),
        )

    ((now,),) = put(dsn, "select name from log.epoch")
    for epoch, position in (("old", 9), (now, 6)):
        tells(epoch, position)
        with pytest.raises(StoreUnavailable, match="waits for the relay"):
            asyncio.run(place.forgets.tell_outside(7))
    tells(now, 7)
    assert asyncio.run(place.forgets.tell_outside(7)).removed == {"public topic": 1}


def test_what_leads_to_the_person_and_what_was_exported_of_them_is_deleted(
    dsn: str, place: Place
) -> None:
    """Of this learner of this tenant, and of nobody else."""
    for number, (tenant, subject) in enumerate((("main", "s1"), ("main", "s2"), ("other", "s1"))):
        put(
            dsn,
            "insert into identity.actors (tenant, person, actor) values (%s, sha256(%s), %s)",
            *(tenant, str(number).encode(), subject),
        )
        put(
            dsn,
            "insert into jobs.jobs (tenant, job, kind, about, actor, asked_by, request, media_type)"
            " values (%s, %s, 'subject-access', %s, 'x', '', '', 'x')",
            *(tenant, f"j{number}", subject),
        )
    done = asyncio.run(place.forgets.delete_rows("main", "s1"))
    assert done.removed == {"identity.actors": 1, "jobs.jobs": 1}
    left = [("main", "s2"), ("other", "s1")]
    assert put(dsn, "select tenant, actor from identity.actors order by 1, 2") == left
    assert put(dsn, "select tenant, about from jobs.jobs order by 1, 2") == left
