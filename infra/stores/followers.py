"""Where do followers of the log keep their positions, and who was in a run at a position?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import LiteralString

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.content import RUN_CONTENT
from domain.catalogue.facts import ContentVersionPublished
from domain.enrolment.facts import LearnerEnrolled
from domain.enrolment.state import ENROLMENT
from domain.grading.facts import MissingWorkScored
from domain.streams import REGISTRY
from infra.outages import unavailable
from infra.pools import pool
from streams.ports import FollowerState

CONNECTIONS_MAX = 2

# The last of these facts says whether a learner is in; streams sort by name in byte order.
_ROSTER = """
  select split_part(last.stream, '/', 4) from (
    select distinct on (f.stream) f.stream, f.type, f.body
    from log.facts f
    where f.stream >= %(prefix)s || '/' and f.stream < %(prefix)s || '0'
      and f.position <= %(position)s and f.type = any(%(types)s)
    order by f.stream, f.version desc) last
  where last.type = %(enters)s
  order by 1
"""
_WITH_FACTS = """
  select split_part(f.stream, '/', 4) from log.facts f
  where f.stream >= %(prefix)s || '/' and f.stream < %(prefix)s || '0'
    and f.position <= %(position)s and (f.type = any(%(types)s) or f.type = %(without)s)
  group by f.stream having bool_and(f.type <> %(without)s)
  order by 1
"""
_WITH_WORK = """
  select distinct split_part(f.stream, '/', 4)
  from log.facts f
  where f.stream >= %(prefix)s || '/' and f.stream < %(prefix)s || '0'
    and f.position <= %(position)s and f.type = any(%(types)s)
  order by 1
"""


_CONTENT = """
  select body from log.facts where stream = %(stream)s and type = %(type)s
  order by version desc limit 1
"""


class PostgresFollowers:
    """Implements ``streams.ports.Followers`` and ``Roster``."""

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-followers")

    def close(self) -> None:
        """Let the connections go."""
        self._pool.close()

    def begin(self, name: str, position: int, epoch: str) -> FollowerState:
        """Return where a follower is; a new one begins here."""
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            connection.execute(
                "insert into readings.followers (name, position, began_at, epoch)"
                " values (%s, %s, %s, %s) on conflict (name) do nothing",
                (name, position, position, epoch),
            )
            row = connection.execute(
                "select position, began_at, epoch from readings.followers where name = %s", (name,)
            ).fetchone()
        if row is None:
            raise AssertionError("it has just been made")
        return FollowerState(*row)

    def move(self, name: str, expected: int, position: int, epoch: str) -> bool:
        """Note that all facts up to a position were acted on."""
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            cursor = connection.execute(
                "update readings.followers set position = %s, epoch = %s,"
                " moved_at = clock_timestamp(), error = null, error_at = null"
                " where name = %s and position = %s",
                (position, epoch, name, expected),
            )
            return cursor.rowcount == 1

    def fault(self, name: str, error: str | None) -> None:
        """Note what keeps a follower from moving."""
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            connection.execute(
                "update readings.followers set error = %s, error_at = clock_timestamp()"
                " where name = %s",
                (error, name),
            )

    async def active_at(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects who were in the run as of a position of the log."""
        types = ["LearnerEnrolled", "LearnerWithdrawn", "EnrolmentTransferred"]
        values = {"types": types, "enters": LearnerEnrolled.__name__}
        return await asyncio.to_thread(self._subjects, _ROSTER, tenant, run, position, values)

    async def handed_in_by(self, tenant: str, run: str, position: int) -> Sequence[str]:
        """Return the subjects of whose work in the run something was decided by then."""
        values = {"types": [SubmissionReceived.__name__, MissingWorkScored.__name__]}
        return await asyncio.to_thread(self._subjects, _WITH_WORK, tenant, run, position, values)

    async def with_facts(
        self, tenant: str, run: str, position: int, types: Collection[str], without: str
    ) -> Sequence[str]:
        """Return the subjects with one of these facts in the run, and none of another type."""
        values = {"types": list(types), "without": without}
        return await asyncio.to_thread(self._subjects, _WITH_FACTS, tenant, run, position, values)

    async def is_gated(self, tenant: str, run: str) -> bool:
        """Whether a module requires something in the content version that stands now."""
        return await asyncio.to_thread(self._is_gated, RUN_CONTENT.of(tenant, run).name)

    def _is_gated(self, stream: str) -> bool:
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            row = connection.execute(
                _CONTENT, {"stream": stream, "type": ContentVersionPublished.__name__}
            ).fetchone()
        if row is None:
            return False
        fact = REGISTRY.decode(1, datetime.now(UTC), 1, row[0]).fact
        return isinstance(fact, ContentVersionPublished) and any(
            module.requires for module in fact.modules
        )

    def _subjects(
        self, sql: LiteralString, tenant: str, run: str, position: int, values: Mapping[str, object]
    ) -> list[str]:
        prefix = f"{tenant}/{ENROLMENT.name}/{run}"
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            rows = connection.execute(
                sql, {"prefix": prefix, "position": position, **values}
            ).fetchall()
        return [subject for (subject,) in rows]


class MemoryFollowers:
    """Implements ``streams.ports.Followers``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, FollowerState] = {}
        self.errors: dict[str, str | None] = {}

    def begin(self, name: str, position: int, epoch: str) -> FollowerState:
        """Return where a follower is; a new one begins here."""
        with self._lock:
            return self._states.setdefault(name, FollowerState(position, position, epoch))

    def move(self, name: str, expected: int, position: int, epoch: str) -> bool:
        """Note that all facts up to a position were acted on."""
        with self._lock:
            state = self._states[name]
            if state.position != expected:
                return False
            self._states[name] = FollowerState(position, state.began_at, epoch)
            self.errors.pop(name, None)
            return True

    def fault(self, name: str, error: str | None) -> None:
        """Note what keeps a follower from moving."""
        with self._lock:
            self.errors[name] = error
