"""How do commands name a tenant?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from domain.kernel import StreamRef
from domain.tenants.rules import NAME
from domain.tenants.state import of_tenant

TenantName = Annotated[
    str,
    Field(
        pattern=rf"^{NAME}$",
        description="Its name, for ever: 40 small letters, digits and hyphens at most.",
    ),
]


def named(command: Any, _tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the stream of the tenant that a command is about."""
    return (of_tenant(command.tenant),)
