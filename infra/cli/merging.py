"""``registrar learners merge`` and ``unmerge``: are two records one person, or not after all?"""

from __future__ import annotations

from collections.abc import Callable

import click

from infra.cli.client import command
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_recorded
from infra.settings.loading import Loaded


def _of_two_records(into: str) -> Callable[[Callable[..., None]], click.Command]:
    """Take two records and a reason; ``into`` says what the second record is."""

    def take(verb: Callable[..., None]) -> click.Command:
        verb = with_settings(host_option, port_option)(verb)
        verb = json_option(url_option(verb))
        verb = click.option("--reason", required=True)(verb)
        verb = click.option("--into", required=True, help=into)(verb)
        return click.command()(click.argument("subject")(verb))

    return take


@_of_two_records("The record that stays.")
def merge(loaded: Loaded, url: str | None, *, as_json: bool, **records: str) -> None:
    """Say that two records are of one person.

    \b
    Example:
      registrar learners merge oulad-1 --into oulad-2 --reason "One person, registered twice"
    """
    print_recorded(command(server_url(loaded, url), "merge-learners", records), as_json=as_json)


@_of_two_records("The record that it was merged into.")
def unmerge(loaded: Loaded, url: str | None, *, as_json: bool, **records: str) -> None:
    """Take a merger back: they are two people after all.

    \b
    Example:
      registrar learners unmerge oulad-1 --into oulad-2 --reason "Twins"
    """
    print_recorded(command(server_url(loaded, url), "unmerge-learners", records), as_json=as_json)
