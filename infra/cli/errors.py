"""How does a verb say that it cannot do what was asked?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Failed(Exception):
    """It did not work. One sentence for a person; the exit code is 1."""


class Interrupted(Exception):
    """Somebody stopped it. One sentence that says how to go on; the exit code is 130."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn what a database can answer into Failed."""
    import psycopg

    from infra.engines.postgres import EngineError
    from infra.migrations import MigrationError
    from projections.ports import StoreUnavailable

    try:
        yield
    except (EngineError, MigrationError, StoreUnavailable) as error:
        raise Failed(str(error)) from error
    except psycopg.Error as error:
        raise Failed(f"the database cannot be used: {error}") from error
