"""How does an empty log get something real to look at?"""

from __future__ import annotations

import asyncio

from commands.ports import Log
from domain.access import DEVELOPMENT
from infra.importers.oulad.fates import key_of
from infra.importers.oulad.replay import Replay, Sender
from infra.importers.oulad.tables import example_folder, read_tables

RUN = "AAA-2013J"
FIRST = ("create-course", key_of("AAA:create-course"))
LAST = ("record-outcome", key_of(f"{RUN}:outcome:2698257"))
"""The commands that the example begins and ends with."""


async def wanted(log: Log) -> bool:
    """Whether the log is empty, or holds an example whose loading was interrupted."""
    if await log.head() == 0:
        return True
    who = f"{DEVELOPMENT.tenant}/{DEVELOPMENT.client}"
    first, last = (f"{who}/{name}/{key}" for name, key in (FIRST, LAST))
    found = await log.find_keys([first, last])
    return first in found and last not in found


async def load(sender: Sender) -> int:
    """Replay the run, and return how many commands it took. Raises ReplayFailed.

    One parcel after another, so that the last command tells that all are recorded.
    """
    tables = await asyncio.to_thread(read_tables, example_folder(), [RUN])
    work = Replay(tables)
    await work.run(sender, lambda _count: None, connections=1)
    return work.total
