"""``registrar tenants``: which institutions share the installation?"""

from __future__ import annotations

import click

from infra.cli.tenants_erase import erase
from infra.cli.tenants_export import export
from infra.cli.tenants_import import import_
from infra.cli.tenants_list import list_
from infra.cli.tenants_open import open_


@click.group()
def tenants() -> None:
    """Open, list, move and erase the tenants of an installation.

    \b
    Example:
      registrar tenants list
    """


for verb in (list_, open_, export, import_, erase):
    tenants.add_command(verb)
