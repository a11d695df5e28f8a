"""Who asks, in which roles, for which tenant?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a principal may be. What each role may do stands in ``domain.access.roles``."""

    LEARNER = "learner"
    """Sees and works on their own record."""
    INSTRUCTOR = "instructor"
    """Teaches runs: their content, dates, learners and grades."""
    GRADER = "grader"
    """Grades work in runs."""
    REGISTRAR = "registrar"
    """Runs the institution's matters: catalogue, enrolments, outcomes, certificates."""
    AUDITOR = "auditor"
    """Reads everything, and writes nothing."""
    ANALYST = "analyst"
    """Sees sums and pseudonymous events, and no personal field."""
    ADMINISTRATOR = "administrator"
    """Manages people's roles, tenants and operations, and does not thereby see or change grades."""
    IMPORTER = "importer"
    """A trusted service that may state when something occurred."""
    POLICY = "policy"
    """A follower of the log that acts on facts. It is nobody's: it cannot be granted."""


INSTALLATION = "main"
"""The tenant whose administrators run the installation, and so its tenants."""


class Principal(msgspec.Struct, frozen=True):
    """Who sends a command or a query. ``client`` is the program, ``actor`` the one responsible: the
    pseudonym of a person, whose own record is the one of that subject, or of a service.

    ``roles`` hold in the whole tenant, ``runs`` are those in which a role holds beside.
    ``scopes`` are what the program may do of it; None: all. ``service``: a program that acts for
    itself, which may do what its scopes say in the whole tenant. ``strong``: signed in with a
    second factor.
    """

    actor: str
    tenant: str
    client: str
    roles: frozenset[Role]
    runs: Mapping[Role, frozenset[str]] = msgspec.field(default_factory=dict)
    scopes: frozenset[str] | None = None
    strong: bool = False
    service: bool = False


DEVELOPMENT = Principal(
    actor="developer",
    tenant=INSTALLATION,
    client="development",
    roles=frozenset(role for role in Role if role is not Role.POLICY),
    strong=True,
)
"""Everybody, while access control is off; the server then listens on loopback only."""
