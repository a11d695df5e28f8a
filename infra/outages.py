"""Which errors say that a PostgreSQL is away, and not that it refuses what it was asked?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from projections.ports import StoreUnavailable


@contextmanager
def unavailable() -> Iterator[None]:
    """Raise StoreUnavailable for an engine that is away, or held by others."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable("the database cannot be reached") from error
    except (errors.LockNotAvailable, errors.QueryCanceled) as error:
        raise StoreUnavailable("the tables are in use") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(str(error).strip() or "the connection was lost") from error
