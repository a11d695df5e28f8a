"""How is it kept where a tenant came from?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.tenants.fields import TenantName, named
from domain.tenants.facts import TenantImported
from domain.tenants.rules import require_not_erased
from domain.tenants.state import Tenant

Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]


class RecordTenantImport(Command):
    """Keep which log a tenant came from, as it was signed there. Sent by `registrar tenants
    import`, when the facts are in."""

    tenant: TenantName
    checkpoint: Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
    facts: Count
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    keys: Count


def record_tenant_import(
    command: RecordTenantImport, _context: Context, tenant: Tenant
) -> Iterator[TenantImported]:
    """Yield it, once for the same facts. Raises TenantIsErased."""
    require_not_erased(tenant, command.tenant)
    if tenant.imported != command.digest:
        yield TenantImported(
            command.tenant, command.checkpoint, command.facts, command.digest, command.keys
        )


DECISION = Decision(
    name="record-tenant-import",
    model=RecordTenantImport,
    streams=named,
    decide=record_tenant_import,
    example={
        "tenant": "north",
        "checkpoint": "records.example.org/log\n812\n…\n",
        "facts": 700,
        "digest": "00" * 32,
        "keys": 12,
    },
)
