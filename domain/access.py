"""Who asks, in which roles, for which tenant?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a principal may be. The permission table over these comes with access control."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    GRADER = "grader"
    REGISTRAR = "registrar"
    AUDITOR = "auditor"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    IMPORTER = "importer"
    """A trusted service that may state when something occurred."""
    POLICY = "policy"
    """A follower of the log that acts on facts."""


class Principal(msgspec.Struct, frozen=True):
    """Who sends a command or a query. ``client`` is the program, ``actor`` the one responsible: the
    pseudonym of a person, whose own record is the one of that subject, or of a service.

    ``roles`` hold in the whole tenant, ``runs`` are those in which a role holds beside.
    ``scopes`` are what the program may do of it; None: all. ``strong``: signed in with a second
    factor.
    """

    actor: str
    tenant: str
    client: str
    roles: frozenset[Role]
    runs: Mapping[Role, frozenset[str]] = msgspec.field(default_factory=dict)
    scopes: frozenset[str] | None = None
    strong: bool = False

    @property
    def may_state_time(self) -> bool:
        """Whether commands of this principal may carry ``occurred_at``."""
        return Role.IMPORTER in self.roles or Role.POLICY in self.roles


DEVELOPMENT = Principal(
    actor="developer",
    tenant="main",
    client="development",
    roles=frozenset(role for role in Role if role is not Role.POLICY),
    strong=True,
)
"""Everybody, while access control is off; the server then listens on loopback only."""
