"""``registrar replay``: how is a data set replayed from a terminal?"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from infra.cli.authorization import authorization
from infra.cli.errors import Failed, Interrupted, engine_errors
from infra.cli.options import (
    data_option,
    database_option,
    json_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.importers.oulad.fates import EXAMPLES_PER_RULE_MAX
from infra.importers.oulad.http import HttpSender
from infra.importers.oulad.replay import Progress as Told
from infra.importers.oulad.replay import Replay, ReplayFailed
from infra.importers.oulad.tables import UnknownRun, WrongData, example_folder, read_tables
from infra.settings.fields import Settings
from infra.settings.loading import Loaded

PLAIN_LINE_EVERY_SECONDS = 5.0


@click.group()
def replay() -> None:
    """Send a data set through the command API.

    \b
    Example:
      registrar replay oulad --run AAA-2013J --run BBB-2014B
    """


@replay.command()
@url_option
@click.option("--embedded", is_flag=True, help="Start the product in this process; no server.")
@click.option("--run", "runs", multiple=True, help="Only this run, as AAA-2013J; may be repeated.")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder of OULAD's files. By default those that come with the product.",
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write the report to this file, as JSON."
)
@json_option
@with_settings(data_option, database_option)
def oulad(
    loaded: Loaded,
    url: str | None,
    embedded: bool,
    runs: tuple[str, ...],
    folder: Path | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Replay OULAD: 22 runs, 32,593 enrolments, 173,912 submissions.

    Every command carries a key of its own, so after an interruption the same command line goes
    on where it was and doubles nothing. At the end every source row is accepted, or refused by a
    rule that the report names.

    \b
    Example:
      registrar replay oulad --url http://127.0.0.1:8000 --run AAA-2013J --report report.json
    """
    if embedded and url is not None:
        raise click.UsageError("--embedded and --url: only one of them can be given")
    if report is not None and not report.absolute().parent.is_dir():
        raise click.UsageError(f"--report: the folder {report.absolute().parent} does not exist")
    try:
        work = Replay(read_tables(folder or example_folder(), runs))
    except UnknownRun as error:
        raise click.UsageError(f"--run: {error}") from error
    except WrongData as error:
        raise Failed(str(error)) from error
    started = time.monotonic()
    try:
        with _progress(work, quiet=as_json) as told:
            if embedded:
                with engine_errors():
                    asyncio.run(_embedded(work, loaded.settings, told))
            else:
                asyncio.run(_over_http(work, server_url(loaded, url), told))
    except ReplayFailed as error:
        raise Failed(f"{error}; {_how_to_go_on(work)}") from error
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted; {_how_to_go_on(work)}") from error
    document = work.fates.report() | {"seconds": round(time.monotonic() - started, 1)}
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    if as_json:
        print_json(document)
    else:
        _print_report(document)
    if not work.fates.complete:
        raise Failed("some rows are not accounted for; the report says in which table")


async def _over_http(work: Replay, url: str, told: Told) -> None:
    async with HttpSender(url, authorization(url)) as sender:
        await work.run(sender, told)


async def _embedded(work: Replay, settings: Settings, told: Told) -> None:
    from infra.compose.embedded import embedded
    from infra.importers.oulad.embedded import EmbeddedSender

    async with embedded(settings) as registrar:
        await work.run(EmbeddedSender(registrar.commands.batch), told)


def _how_to_go_on(work: Replay) -> str:
    return (
        f"{work.done:,} of {work.total:,} commands were answered; "
        "the same command line goes on from there, and nothing is doubled"
    )


class _Rate(ProgressColumn):
    """Commands a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


@contextmanager
def _progress(work: Replay, *, quiet: bool) -> Iterator[Told]:
    """Show how far it is: a bar on a terminal, plain lines elsewhere, on standard error."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _count: None
    elif console.is_terminal:
        columns = (
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=work.total)
            yield lambda count: bar.advance(task, count)
    else:
        yield _Lines(work)


class _Lines:
    """A plain line every few seconds, and one at the end."""

    def __init__(self, work: Replay) -> None:
        self._work = work
        self._started = self._said = time.monotonic()

    def __call__(self, _count: int) -> None:
        now = time.monotonic()
        done, total = self._work.done, self._work.total
        if now - self._said < PLAIN_LINE_EVERY_SECONDS and done < total:
            return
        self._said = now
        rate = done / max(now - self._started, 0.001)
        print(
            f"{done:,} of {total:,} commands, {rate:,.0f} a second, "
            f"{(total - done) / rate:,.0f} s left",
            file=sys.stderr,
            flush=True,
        )


def _print_report(document: dict[str, Any]) -> None:
    print_table(
        ("table", "rows", "accepted", "already there", "refused"),
        [
            (
                table,
                f"{counts['rows']:,}",
                f"{counts['accepted']:,}",
                f"{counts['of_these_already_there']:,}",
                f"{counts['refused']:,}",
            )
            for table, counts in document["tables"].items()
        ],
    )
    if document["refusals"]:
        print()
        print_table(
            ("refused by", "table", "rows", f"examples (up to {EXAMPLES_PER_RULE_MAX})"),
            [
                (
                    refusal["rule"],
                    refusal["table"],
                    f"{refusal['rows']:,}",
                    "\n".join(f"{e['row']}: {e['detail']}" for e in refusal["examples"]),
                )
                for refusal in document["refusals"]
            ],
        )
    commands = ", ".join(f"{count:,} {status}" for status, count in document["commands"].items())
    print(f"\ncommands: {commands}; {document['seconds']:,} s")
