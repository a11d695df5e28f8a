"""How does a verb have the database that is set, or the embedded one?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.cli.errors import engine_errors
from infra.settings.fields import Settings


@contextmanager
def opened_database(settings: Settings) -> Iterator[str]:
    """Have the database that is set for a while, which is left as it is; or that of a cluster that
    runs over the data here; or the embedded one.

    Raises Failed.
    """
    from infra.compose.parts import database
    from infra.engines.postgres import Postgres
    from infra.migrations import require

    of_cluster = Postgres(settings.folder / "cluster" / "postgres")
    with engine_errors():
        if settings.database_url is not None:
            require(settings.database_url)
            yield settings.database_url
        elif of_cluster.pid is not None:
            with of_cluster:
                yield of_cluster.dsn
        else:
            with database(settings) as dsn:
                yield dsn
