"""What must decisions know of the roles that were granted?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, assert_never, get_args

import msgspec

from domain.access.facts import (
    AdministratorAdded,
    AdministratorRemoved,
    RoleGranted,
    RoleName,
    RoleRevoked,
)
from domain.kernel import StreamKind

RoleFact = RoleGranted | RoleRevoked
AdministratorFact = AdministratorAdded | AdministratorRemoved


class Held(NamedTuple):
    """A grant that was not taken back: its number, and when it ends."""

    number: int
    until: datetime | None


class Access(msgspec.Struct, frozen=True):
    """The grants of one actor, by role and run, and how many there ever were."""

    held: Mapping[tuple[RoleName, str | None], Held] = msgspec.field(default_factory=dict)
    number: int = 0


class Administrators(msgspec.Struct, frozen=True):
    """Who is an administrator of the tenant for good."""

    holders: frozenset[str] = frozenset()


def evolve_access(state: Access, fact: RoleFact, _at: datetime) -> Access:
    """Take one fact in. Never refuses."""
    match fact:
        case RoleGranted():
            held = {**state.held, (fact.role, fact.run): Held(fact.number, fact.until)}
            return Access(held, max(state.number, fact.number))
        case RoleRevoked():
            left = {key: one for key, one in state.held.items() if key != (fact.role, fact.run)}
            return Access(left, state.number)
        case _:
            assert_never(fact)


def evolve_administrators(
    state: Administrators, fact: AdministratorFact, _at: datetime
) -> Administrators:
    """Take one fact in. Never refuses."""
    match fact:
        case AdministratorAdded():
            return Administrators(state.holders | {fact.holder})
        case AdministratorRemoved():
            return Administrators(state.holders - {fact.holder})
        case _:
            assert_never(fact)


ACCESS = StreamKind("access", Access(), evolve_access, get_args(RoleFact))
ADMINISTRATORS = StreamKind(
    "administrators", Administrators(), evolve_administrators, get_args(AdministratorFact)
)
