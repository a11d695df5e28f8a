"""What have the verbs that erase in common: how it is asked for, and how somebody waits for it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from domain.privacy.grounds import ERASURE_GROUNDS
from infra.cli.bar import bar
from infra.cli.client import get
from infra.cli.errors import Failed
from infra.cli.options import json_option, url_option
from infra.cli.waiting import wait

Command = Callable[..., None]
Erasure = dict[str, Any]
"""How far an erasure is, as the server tells."""


def erasure_options(wait_seconds: int, asks: str) -> Callable[[Command], Command]:
    """Return what gives a verb the options of an erasure: how long it waits unless told, and what
    it asks unless told not to."""
    options = (
        click.option(
            "--ground", type=click.Choice(ERASURE_GROUNDS), required=True, help="The legal ground."
        ),
        click.option("--yes", is_flag=True, help=f"Do not ask {asks}."),
        click.option(
            "--wait",
            "wait_seconds",
            type=click.IntRange(0, 86_400),
            default=wait_seconds,
            show_default=True,
            help="So many seconds to wait until all is done; it goes on without anybody waiting.",
        ),
        url_option,
        json_option,
    )

    def given(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return given


def wait_until_erased(
    address: str,
    path: str,
    under_way: str,
    steps: Callable[[Erasure], tuple[int, int]],
    seconds: int,
    again: str,
    *,
    quiet: bool,
) -> Erasure:
    """Show how far the erasure at ``path`` is until it is not ``under_way`` any more, or so long
    was waited; ``steps`` says how many of how many are done. Raises Failed where it goes on,
    saying which verb shows it ``again``, unless ``quiet``."""
    with bar("erasing", quiet=quiet) as told:

        def look() -> Erasure:
            found: Erasure = get(address, path)
            told(*steps(found))
            return found

        found = wait(look, lambda found: found["status"] != under_way, seconds)
    if found["status"] == under_way and not quiet:
        done, of = steps(found)
        raise Failed(
            f"after {seconds} s {done} of {of} steps are done; it goes on: {again} shows it again"
        )
    return found
