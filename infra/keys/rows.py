"""Which statements keep wrapped keys, in SQLite as in PostgreSQL?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, LiteralString, Protocol
from uuid import uuid4

from infra.keys.ports import Erased, ErasedTenant, Wrapped

TABLES = """
create table if not exists registrar_key_store (
  only_one int primary key check (only_one = 1), name text not null, epoch int not null,
  began_at text not null);
create table if not exists registrar_keys (
  tenant text not null, subject text not null, epoch int not null, wrapped {bytes},
  primary key (tenant, subject));
create index if not exists registrar_keys_epoch on registrar_keys (epoch)
  where wrapped is not null;
create table if not exists registrar_erasures (
  tenant text not null, subject text not null, epoch int not null, erased_at text not null,
  request text not null, ground text not null, primary key (tenant, subject));
create table if not exists registrar_tenant_erasures (
  tenant text primary key, erased_at text not null, request text not null, ground text not null)
"""
SUBJECTS_MAX = 500
"""Named in one statement."""


class Cursor(Protocol):
    """One transaction of a database; parameters stand as ``?``."""

    def rows(
        self, statement: LiteralString, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""

    def count(self, statement: LiteralString, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""

    def each(self, statement: LiteralString, parameters: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each."""


class Database(Protocol):
    """Where transactions run: serialised where they write. Raises KeysUnavailable."""

    bytes_type: LiteralString
    alone: LiteralString
    """The statement that holds back other processes that make the tables."""

    def transaction(self, *, writes: bool) -> AbstractContextManager[Cursor]:
        """Have a transaction, committed and durable when this is left without an error."""

    def close(self) -> None:
        """Let the connections go."""


class SqlKeyRows:
    """Implements ``infra.keys.ports.KeyRows`` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> str:
        """Have the tables, and return the store's name."""
        with self._database.transaction(writes=True) as cursor:
            cursor.rows(self._database.alone)
            for statement in TABLES.split(";"):
                cursor.count(statement.format(bytes=self._database.bytes_type))
            cursor.count(
                "insert into registrar_key_store (only_one, name, epoch, began_at)"
                " values (1, ?, 0, ?) on conflict do nothing",
                (uuid4().hex, datetime.now(UTC).isoformat()),
            )
            ((name,),) = cursor.rows("select name from registrar_key_store")
        return str(name)

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

    def epoch(self) -> tuple[int, datetime]:
        """Return the epoch in force, and when it began."""
        with self._database.transaction(writes=False) as cursor:
            ((epoch, began),) = cursor.rows("select epoch, began_at from registrar_key_store")
        return int(epoch), datetime.fromisoformat(began)

    def begin(self, epoch: int) -> None:
        """Have this epoch in force, where the one before is."""
        with self._database.transaction(writes=True) as cursor:
            cursor.count(
                "update registrar_key_store set epoch = ?, began_at = ? where epoch = ?",
                (epoch, datetime.now(UTC).isoformat(), epoch - 1),
            )

    def epochs_used(self) -> Sequence[int]:
        """Return the epochs that keys are wrapped in."""
        with self._database.transaction(writes=False) as cursor:
            found = cursor.rows(
                "select distinct epoch from registrar_keys where wrapped is not null order by epoch"
            )
        return [int(epoch) for (epoch,) in found]

    def find(self, tenant: str, subjects: Sequence[str]) -> Sequence[Wrapped]:
        """Return what is kept of these subjects."""
        found: list[Wrapped] = []
        with self._database.transaction(writes=False) as cursor:
            for first in range(0, len(subjects), SUBJECTS_MAX):
                some = subjects[first : first + SUBJECTS_MAX]
                rows = cursor.rows(
                    "select subject, epoch, wrapped from registrar_keys"  # noqa: S608  # marks only
                    f" where tenant = ? and subject in ({', '.join('?' * len(some))})",
                    (tenant, *some),
                )
                found += [Wrapped(tenant, one[0], int(one[1]), _bytes(one[2])) for one in rows]
        return found

    def add(self, keys: Sequence[Wrapped], epoch: int) -> bool:
        """Keep keys of subjects that nothing is kept of, while their epoch is in force."""
        with self._database.transaction(writes=True) as cursor:
            # The row is held, so that no other epoch begins before these are kept.
            if not cursor.count(
                "update registrar_key_store set epoch = epoch where epoch = ?", (epoch,)
            ):
                return False
            cursor.each(
                "insert into registrar_keys (tenant, subject, epoch, wrapped)"
                " values (?, ?, ?, ?) on conflict do nothing",
                [(key.tenant, key.subject, epoch, key.key) for key in keys],
            )
        return True

    def subjects(self, tenant: str, after: str, count: int) -> Sequence[str]:
        """Return some subjects of a tenant that a key is kept of, after one."""
        with self._database.transaction(writes=False) as cursor:
            rows = cursor.rows(
                "select subject from registrar_keys"
                " where tenant = ? and subject > ? and wrapped is not null"
                " order by subject limit ?",
                (tenant, after, count),
            )
        return [str(subject) for (subject,) in rows]

    def page(self, before_epoch: int, count: int) -> Sequence[Wrapped]:
        """Return some keys that are wrapped in earlier epochs than this."""
        with self._database.transaction(writes=False) as cursor:
            rows = cursor.rows(
                "select tenant, subject, epoch, wrapped from registrar_keys"
                " where epoch < ? and wrapped is not null limit ?",
                (before_epoch, count),
            )
        return [Wrapped(one[0], one[1], int(one[2]), _bytes(one[3])) for one in rows]

    def rewrap(self, keys: Sequence[tuple[Wrapped, bytes]], epoch: int) -> None:
        """Keep each as wrapped in this epoch, unless it has changed since."""
        with self._database.transaction(writes=True) as cursor:
            cursor.each(
                "update registrar_keys set epoch = ?, wrapped = ?"
                " where tenant = ? and subject = ? and epoch = ? and wrapped is not null",
                [(epoch, new, old.tenant, old.subject, old.epoch) for old, new in keys],
            )

    def erase(self, tenant: str, subject: str, at: datetime, request: str, ground: str) -> Erased:
        """Destroy a subject's key and enter it in the ledger."""
        with self._database.transaction(writes=True) as cursor:
            # The row is held, so that the epoch entered is the one in force.
            cursor.count("update registrar_key_store set epoch = epoch")
            cursor.count(
                "insert into registrar_keys (tenant, subject, epoch, wrapped)"
                " values (?, ?, 0, null)"
                " on conflict (tenant, subject) do update set wrapped = null",
                (tenant, subject),
            )
            cursor.count(
                "insert into registrar_erasures"
                " (tenant, subject, epoch, erased_at, request, ground)"
                " select ?, ?, epoch, ?, ?, ? from registrar_key_store where only_one = 1"
                " on conflict do nothing",
                (tenant, subject, at.isoformat(), request, ground),
            )
            (row,) = cursor.rows(
                "select tenant, subject, epoch, erased_at, request, ground"
                " from registrar_erasures where tenant = ? and subject = ?",
                (tenant, subject),
            )
        return _erased(row)

    def erased(self, after: tuple[str, str], count: int) -> Sequence[Erased]:
        """Return a page of the ledger, after the pair given."""
        with self._database.transaction(writes=False) as cursor:
            rows = cursor.rows(
                "select tenant, subject, epoch, erased_at, request, ground"
                " from registrar_erasures where (tenant, subject) > (?, ?)"
                " order by tenant, subject limit ?",
                (*after, count),
            )
        return [_erased(row) for row in rows]

    def erase_tenant(self, tenant: str, at: datetime, request: str, ground: str) -> None:
        """Enter a tenant in the ledger."""
        with self._database.transaction(writes=True) as cursor:
            cursor.count(
                "insert into registrar_tenant_erasures (tenant, erased_at, request, ground)"
                " values (?, ?, ?, ?) on conflict do nothing",
                (tenant, at.isoformat(), request, ground),
            )

    def erased_tenants(self) -> Sequence[ErasedTenant]:
        """Return the tenants in the ledger."""
        with self._database.transaction(writes=False) as cursor:
            rows = cursor.rows(
                "select tenant, erased_at, request, ground from registrar_tenant_erasures"
                " order by tenant"
            )
        return [
            ErasedTenant(tenant, datetime.fromisoformat(at), request, ground)
            for tenant, at, request, ground in rows
        ]


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _erased(row: tuple[Any, ...]) -> Erased:
    tenant, subject, epoch, at, request, ground = row
    return Erased(tenant, subject, int(epoch), datetime.fromisoformat(at), request, ground)
