"""How is who may do what told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.access.facts import (
    AdministratorAdded,
    AdministratorRemoved,
    RoleGranted,
    RoleRevoked,
)
from domain.kernel import Fact

PLAIN: Mapping[type[Fact], str] = {
    AdministratorAdded: "{f.holder} became an administrator for good",
    AdministratorRemoved: "{f.holder} is no administrator for good any more",
}


def _granted(fact: RoleGranted) -> str:
    until = "" if fact.until is None else f", until {fact.until:%Y-%m-%d %H:%M} UTC"
    return f"{fact.holder} became {fact.role} {_where(fact.run)}{until}"


def _revoked(fact: RoleRevoked) -> str:
    return f"{fact.holder} is {fact.role} {_where(fact.run)} no more"


def _where(run: str | None) -> str:
    return "everywhere" if run is None else f"in {run}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    RoleGranted: _granted,
    RoleRevoked: _revoked,
}
