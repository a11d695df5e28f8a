"""What can happen to roles?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.kernel import Fact, Identifier

RoleName = Literal[
    "learner",
    "instructor",
    "grader",
    "registrar",
    "auditor",
    "analyst",
    "administrator",
    "importer",
]
"""The roles that can be granted."""


class RoleGranted(Fact, frozen=True):
    """Somebody was given a role: in one run, or where there is none in the whole tenant; before
    ``until``, or where there is none for good. ``number`` counts the grants of this holder."""

    holder: Identifier
    number: int
    role: RoleName
    run: Identifier | None = None
    until: datetime | None = None


class RoleRevoked(Fact, frozen=True):
    """A grant was taken back."""

    holder: Identifier
    number: int
    role: RoleName
    run: Identifier | None = None


class AdministratorAdded(Fact, frozen=True):
    """Somebody became an administrator of the tenant for good."""

    holder: Identifier


class AdministratorRemoved(Fact, frozen=True):
    """Somebody is no administrator of the tenant for good any more."""

    holder: Identifier
