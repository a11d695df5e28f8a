"""``registrar learners export``: how does a learner take along all that is kept?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from infra.cli.client import fetch, send
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json
from infra.cli.waiting import wait_for_job
from infra.settings.loading import Loaded


@click.command()
@click.argument("subject")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The zip file to write.",
)
@url_option
@json_option
@with_settings(host_option, port_option)
def export(loaded: Loaded, subject: str, to: Path, url: str | None, *, as_json: bool) -> None:
    """Write all that is kept about a learner into a zip file: to read, as JSON, and with proofs.

    \b
    Example:
      registrar learners export oulad-11391 --to oulad-11391.zip
    """
    address = server_url(loaded, url)
    exports = f"/v1/learners/{quote(subject, safe='')}/exports"
    made = send(address, exports)["export"]
    one = f"{exports}/{made}"
    wait_for_job(address, one, "exporting", quiet=as_json)
    content = fetch(address, send(address, f"{one}/link")["link"])
    to.write_bytes(content)
    if as_json:
        print_json({"export": made, "file": str(to), "bytes": len(content)})
    else:
        print(f"{to}: {len(content):,} bytes")
