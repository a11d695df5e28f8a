"""``registrar projections``: how are the readings doing, and how are they mended?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from infra.cli.databases import opened_database
from infra.cli.errors import Failed, Interrupted
from infra.cli.options import data_option, database_option, json_option, with_settings
from infra.cli.output import print_json, print_table
from infra.cli.progress import progress
from infra.cli.waiting import wait
from infra.settings.fields import Settings
from infra.settings.loading import Loaded
from projections.register import READINGS
from projections.requests import Action
from projections.status import ReadingStatus

if TYPE_CHECKING:
    from infra.stores.postgres import PostgresStore

WAIT_SECONDS_DEFAULT = 600

wait_option = click.option(
    "--wait",
    "wait_seconds",
    type=click.IntRange(0, 86_400),
    default=WAIT_SECONDS_DEFAULT,
    show_default=True,
    help="How many seconds to wait until the server has done it; 0: do not wait.",
)


@click.group()
def projections() -> None:
    """List, rebuild and mend the readings.

    \b
    Example:
      registrar projections list
    """


@projections.command("list")
@json_option
@with_settings(data_option, database_option)
def list_(loaded: Loaded, as_json: bool) -> None:
    """Show every reading: where it stands, how far behind, and what is put aside.

    \b
    Example:
      registrar projections list --json
    """
    with opened(loaded.settings) as store:
        entries = store.status()
    if as_json:
        print_json([entry._asdict() for entry in entries])
        return
    print_table(
        ("reading", "version", "state", "position", "behind", "seconds", "aside", "error"),
        [
            (
                entry.name,
                entry.version,
                _state(entry),
                f"{entry.position:,}",
                f"{entry.lag_positions:,}",
                f"{entry.lag_seconds:,.1f}",
                entry.parked,
                entry.error,
            )
            for entry in entries
        ],
    )


@projections.command()
@click.argument("name")
@wait_option
@json_option
@with_settings(data_option, database_option)
def rebuild(loaded: Loaded, name: str, wait_seconds: int, as_json: bool) -> None:
    """Read the whole log anew for one reading, beside the live one, which it then replaces.

    \b
    Example:
      registrar projections rebuild progress
    """
    _check(name)
    _ask(loaded, [name], "rebuild", wait_seconds, as_json=as_json)


@projections.command()
@click.argument("name", required=False)
@wait_option
@json_option
@with_settings(data_option, database_option)
def retry(loaded: Loaded, name: str | None, wait_seconds: int, as_json: bool) -> None:
    """Take in again what was put aside, for one reading or for all.

    \b
    Example:
      registrar projections retry progress
    """
    if name is not None:
        _check(name)
    names = [reading.name for reading in READINGS] if name is None else [name]
    _ask(loaded, names, "retry", wait_seconds, as_json=as_json)


@contextmanager
def opened(settings: Settings) -> Iterator[PostgresStore]:
    """Have the store of the readings for a while. Raises Failed."""
    from infra.stores.postgres import PostgresStore

    with opened_database(settings) as dsn:
        store = PostgresStore(dsn)
        try:
            yield store
        finally:
            store.close()


def _state(entry: ReadingStatus) -> str:
    return entry.state if entry.progress is None else f"{entry.state}, {entry.progress:.0%}"


def _check(name: str) -> None:
    known = [reading.name for reading in READINGS]
    if name not in known:
        (nearest,) = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise click.UsageError(f"NAME: {name} is not a reading; the nearest is {nearest}")


def _ask(
    loaded: Loaded, names: list[str], action: Action, wait_seconds: int, *, as_json: bool
) -> None:
    """Leave the requests for the server, and wait for its answers."""
    quiet = as_json or not wait_seconds or action != "rebuild"
    try:
        with opened(loaded.settings) as store, progress(quiet=quiet) as told:
            requests = [store.ask(name, action) for name in names]

            def look() -> dict[str, str | None]:
                results = {request.name: store.result(request) for request in requests}
                for status in store.status() if None in results.values() else ():
                    if results.get(status.name, "") is None:
                        told(status)
                return results

            results = wait(look, lambda results: None not in results.values(), wait_seconds)
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted; the {action} that was asked for goes on") from error
    if as_json:
        print_json([{"name": name, "result": result} for name, result in results.items()])
    else:
        for name, result in results.items():
            print(f"{name}: {result or f'the {action} is asked for; a server will do it'}")
    if wait_seconds and None in results.values():
        raise Failed(f"no server has done it within {wait_seconds} s; is it running?")
