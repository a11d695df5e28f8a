"""How does an engine that ends come back while it is needed?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from infra.engines.account import EngineError
from infra.engines.postgres import Postgres

LOOKED_AT_EVERY_SECONDS = 1.0
TRIED_AGAIN_AFTER_SECONDS = 10.0
_log = logging.getLogger(__name__)


@contextmanager
def kept(server: Postgres) -> Iterator[None]:
    """Start a running server again, for a while, whenever it has ended: killed for want of memory,
    say, or on a full disk."""
    over = Event()
    keeper = Thread(target=_keep, args=(server, over), name=f"keeps {server.folder}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(server: Postgres, over: Event) -> None:
    seconds = LOOKED_AT_EVERY_SECONDS
    while not over.wait(seconds):
        seconds = LOOKED_AT_EVERY_SECONDS
        if server.pid is not None:
            continue
        try:
            server.start()
            _log.warning("PostgreSQL had ended, and was started again")
        except (EngineError, OSError) as error:
            seconds = TRIED_AGAIN_AFTER_SECONDS
            _log.warning("PostgreSQL has ended and does not start: %s", error)
