"""How does a verb say that it cannot do what was asked?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from infra.settings.fields import Settings


class Failed(Exception):
    """It did not work. One sentence for a person; the exit code is 1."""


class Interrupted(Exception):
    """Somebody stopped it. One sentence that says how to go on; the exit code is 130."""


@contextmanager
def listening(host: str, port: int) -> Iterator[None]:
    """Turn what a port, a file or a folder can answer into Failed."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise Failed(f"cannot use {error.filename}: {error.strerror}") from error
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}") from error


def cluster_only(what: str, settings: Settings) -> None:
    """Refuse what only a cluster has: a server in one process does it by itself."""
    if not settings.is_cluster:
        raise click.UsageError(f"{what}: is for a cluster, and REGISTRAR_KAFKA is not set")


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn what a database can answer into Failed."""
    import psycopg

    from commands.ports import LogUnavailable
    from infra.engines.account import EngineError
    from infra.evidence.keys import WrongKeyFile
    from infra.issuer.first_start import WrongCredential
    from infra.issuer.keys import WrongKeys
    from infra.keys.ports import WrongKeyStore
    from infra.migrations import MigrationError
    from projections.ports import StoreUnavailable

    try:
        yield
    except (
        EngineError,
        MigrationError,
        WrongKeyFile,
        WrongKeyStore,
        WrongKeys,
        WrongCredential,
    ) as error:
        raise Failed(str(error)) from error
    except (StoreUnavailable, LogUnavailable) as error:
        raise Failed(str(error)) from error
    except psycopg.Error as error:
        raise Failed(f"the database cannot be used: {error}") from error
