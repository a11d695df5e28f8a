"""How often may somebody guess a password or a code? (OWASP ASVS 5.0, 6.3.1)

What is counted is each attempt, before it is looked at, so that many at once gain nothing. After a
few free ones each must wait twice as long as the one before. One who signs in clears what was
counted of the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from infra.issuer.secrets import digest
from infra.issuer.users import Pool

WAIT_SECONDS_MAX = 900
FORGET = timedelta(hours=1)
"""Without attempts for so long, nothing is counted any more."""

_TAKE = """
insert into issuer.guesses as g (key, failures, last_at) values (%(key)s, 1, %(now)s)
on conflict (key) do update set
  failures = case when g.last_at < %(forget)s then 1 else g.failures + 1 end, last_at = %(now)s
where g.failures < %(free)s or g.last_at < %(forget)s
  or g.last_at + make_interval(secs => least(%(most)s, 2 ^ least(g.failures - %(free)s, 20)))
     <= %(now)s
returning failures
"""
_WAIT = """
select greatest(1, ceil(extract(epoch from last_at - %(now)s)
  + least(%(most)s, 2 ^ least(failures - %(free)s, 20))))::int
from issuer.guesses where key = %(key)s
"""


class Counted(NamedTuple):
    """What attempts are counted by, and how many are free."""

    name: str
    free: int


def of_account(name: str, address: str) -> list[Counted]:
    """Return what an attempt to give a password counts for: this account from there, the account
    from anywhere (so that many machines gain little, and lock nobody out for long), and the
    address for whatever account."""
    return [
        Counted(f"account\n{name}\n{address}", 5),
        Counted(f"account\n{name}", 20),
        Counted(f"address\n{address}", 50),
    ]


def of_second_factor(user: str) -> list[Counted]:
    """Return what an attempt to give a one-time code counts for."""
    return [Counted(f"second factor\n{user}", 5)]


class Guesses:
    """The table of attempts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, counted: Sequence[Counted], now: datetime) -> int:
        """Count an attempt. Return 0 where it is allowed, else in how many seconds one will be."""
        async with self._pool.connection() as connection:
            for one in counted:
                given = {
                    "key": digest(one.name),
                    "free": one.free,
                    "now": now,
                    "forget": now - FORGET,
                    "most": WAIT_SECONDS_MAX,
                }
                allowed = await (await connection.execute(_TAKE, given)).fetchone()
                if allowed is None:
                    wait = await (await connection.execute(_WAIT, given)).fetchone()
                    return 1 if wait is None else int(wait[0])
        return 0

    async def clear(self, counted: Sequence[Counted], now: datetime) -> None:
        """Forget what was counted, for somebody has proved who they are; and what is long past."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "delete from issuer.guesses where key = any(%s) or last_at < %s",
                ([digest(one.name) for one in counted], now - FORGET),
            )
