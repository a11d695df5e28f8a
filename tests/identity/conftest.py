"""One running server with access control, for all tests that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.folders import enterable
from tests.identity.issuer import Issuer, issuing
from tests.server import Answer, Server, running


class Place(NamedTuple):
    """A server, and the issuer that it believes."""

    server: Server
    issuer: Issuer

    def ask(self, path: str, token: str | None = None, **headers: str) -> Answer:
        """Ask with a token, or with a good one."""
        bearer = f"Bearer {self.issuer.token() if token is None else token}"
        return self.server.get(path, **({"authorization": bearer} | headers))


@pytest.fixture(scope="package")
def place() -> Iterator[Place]:
    """A server with access control, and an empty log."""
    with enterable() as folder, issuing() as issuer:
        environment = {
            "REGISTRAR_ACCESS": "issuer",
            "REGISTRAR_ISSUER": issuer.url,
            "REGISTRAR_ROLES_CLAIM": "realm_access.roles",
            "REGISTRAR_SUBJECT_CLAIM": "learner",
        }
        with running(folder / "data", "--no-example", environment=environment) as server:
            yield Place(server, issuer)
