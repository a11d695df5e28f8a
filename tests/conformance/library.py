"""What do the library's own test cases need to run over a database of ours?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

OURS = "infra.log.recorder"
DEFAULT = "eventsourcing.postgres"
DEFAULT_TAGGED = "eventsourcing.dcb.postgres_tt"


def environment(dsn: str, module: str = OURS, **more: str) -> dict[str, str]:
    """The library's settings for a database."""
    parts = urlsplit(dsn)
    return {
        "PERSISTENCE_MODULE": module,
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "none",
        **more,
    }


class OverTheLog:
    """Mixed into a test case of the library: a database of its own for each test.

    Its settings stand in the process's environment too, where the library looks for them.
    """

    settings: ClassVar[dict[str, str]]

    @pytest.fixture(autouse=True)
    def _database(self, dsn: str) -> Iterator[None]:
        type(self).settings = environment(dsn)
        before = dict(os.environ)
        os.environ.update(self.settings)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
