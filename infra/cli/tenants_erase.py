"""``registrar tenants erase``: how is a tenant forgotten from a terminal, and what was done?"""

from __future__ import annotations

from urllib.parse import quote

import click

from domain.tenants.facts import (
    TenantErased,
    TenantErasureBegun,
    TenantErasureRequested,
    TenantLearnersErased,
)
from domain.wording import counted
from infra.cli.client import command
from infra.cli.erasures import Erasure, erasure_options, wait_until_erased
from infra.cli.errors import Failed
from infra.cli.options import host_option, port_option, server_url, with_settings
from infra.cli.output import print_json, print_table
from infra.cli.tenants_list import listed
from infra.settings.loading import Loaded

STEPS = frozenset(
    fact.__name__
    for fact in (TenantErasureRequested, TenantErasureBegun, TenantLearnersErased, TenantErased)
)
WAIT_SECONDS_DEFAULT = 600


@click.command()
@click.argument("tenant")
@erasure_options(WAIT_SECONDS_DEFAULT, "for the tenant's name again")
@with_settings(host_option, port_option)
def erase(
    loaded: Loaded,
    tenant: str,
    ground: str,
    url: str | None,
    wait_seconds: int,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase every learner of TENANT, and what leads to its people. It cannot be taken back.

    \b
    Example:
      registrar tenants erase north --ground no-longer-necessary
    """
    address = server_url(loaded, url)
    found = next((one for one in listed(address) if one["tenant"] == tenant), None)
    if found is None:
        raise Failed(f"there is no tenant {tenant}")
    if not yes:
        learners = counted(found["learners"], "learner")
        told = f"This erases {learners} of {tenant} for good. Its name again"
        if click.prompt(told) != tenant:
            raise Failed("that is another name: nothing was erased")
    command(address, "erase-tenant", {"tenant": tenant, "ground": ground})
    done = wait_until_erased(
        address,
        f"/v1/tenants/{quote(tenant, safe='')}/erasure",
        "being erased",
        _steps,
        wait_seconds,
        f"registrar tenants erase {tenant}",
        quiet=as_json,
    )
    if as_json:
        print_json(done)
        return
    print(f"{tenant}: {done['status']}")
    print_table(
        ("step", "position", "when"),
        [(one["step"], one["position"], one["recorded_at"]) for one in done["steps"]],
    )
    if done["status"] == "erasure on hold":
        print_table(
            ("learner", "legal holds"),
            [(one["subject"], ", ".join(one["holds"])) for one in done["held"]],
            title=f"held: {counted(done['held_learners'], 'learner')}",
        )
        raise Failed("lift the holds, and ask again: nothing was erased")
    removed = ", ".join(f"{one['place']} {one['removed']:,}" for one in done["receipts"])
    print(f"{counted(done['learners'] or 0, 'learner')}; {removed}")


def _steps(told: Erasure) -> tuple[int, int]:
    """How many are done, each once: what a legal hold stopped was asked for again."""
    return len(STEPS & {one["step"] for one in told["steps"]}), len(STEPS)
