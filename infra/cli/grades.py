"""``registrar grades``: take a run's gradebook along, and bring it back changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from infra.cli.client import JSON, fetch, post
from infra.cli.errors import Failed
from infra.cli.grade_tables import show_changes, show_what_if
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

COMMANDS_A_BATCH = 200
TIMEOUT_SECONDS = 120.0
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def grades() -> None:
    """Export a gradebook as CSV, see what a changed one would change, and apply it.

    \b
    Example:
      registrar grades export AAA-2013J > AAA-2013J.csv
      registrar grades preview AAA-2013J AAA-2013J.csv
      registrar grades apply AAA-2013J AAA-2013J.csv --reason "Second marking"
    """


@grades.command()
@click.argument("run")
@url_option
@with_settings(host_option, port_option)
def export(loaded: Loaded, run: str, url: str | None) -> None:
    """Print the run's gradebook as CSV.

    \b
    Example:
      registrar grades export AAA-2013J > AAA-2013J.csv
    """
    table = fetch(server_url(loaded, url), f"/v1/runs/{quote(run)}/gradebook.csv")
    click.echo(table.decode(), nl=False)


@grades.command()
@click.argument("run")
@click.argument("file", type=_FILE)
@url_option
@json_option
@with_settings(host_option, port_option)
def preview(loaded: Loaded, run: str, file: Path, url: str | None, as_json: bool) -> None:
    """Say what a changed gradebook would change; nothing is written.

    An empty cell changes nothing, EX excuses, AUTO lets what was computed count again, and a score
    overrides what counts.

    \b
    Example:
      registrar grades preview AAA-2013J AAA-2013J.csv
    """
    found = _preview(server_url(loaded, url), run, file.read_bytes())
    if as_json:
        print_json(found)
        return
    show_changes(found)


@grades.command()
@click.argument("run")
@click.argument("file", type=_FILE)
@click.option("--reason", required=True, help="Why; kept encrypted, with each change.")
@url_option
@json_option
@with_settings(host_option, port_option)
def apply(
    loaded: Loaded, run: str, file: Path, reason: str, url: str | None, as_json: bool
) -> None:
    """Send what a changed gradebook changes, and compute the grades of whom it concerns.

    Nothing is sent while a cell is refused. Sent again, the same file with the same reason changes
    nothing more.

    \b
    Example:
      registrar grades apply AAA-2013J AAA-2013J.csv --reason "Second marking"
    """
    address, content = server_url(loaded, url), file.read_bytes()
    found = _preview(address, run, content)
    if found["refused"]:
        show_changes(found)
        raise Failed(f"{len(found['refused'])} cells cannot be taken; nothing was sent")
    digest = hashlib.sha256(content + b"\0" + reason.encode()).hexdigest()[:32]
    results: list[dict[str, Any]] = []
    for batch in _batches(list(_commands(found, digest, reason))):
        results += _send(address, batch)
    problems = [result["problem"]["detail"] for result in results if "problem" in result]
    done = {
        "changes": len(found["changes"]),
        "grades": len(found["grades"]),
        "problems": problems,
    }
    if as_json:
        print_json(done)
    elif not problems:
        click.echo(f"{len(found['changes'])} cells were changed in run {run}.")
    if problems:
        raise Failed(f"{len(problems)} commands were not taken, first: {problems[0]}")


@grades.command("what-if")
@click.argument("run")
@click.argument("file", type=_FILE)
@click.option("--apply", "batch", metavar="BATCH", help="Publish it, and regrade as this batch.")
@click.option("--reason", help="What the batch of regrades is for; public.")
@click.option("--only-if-higher", is_flag=True, help="No grade of the batch falls.")
@url_option
@json_option
@with_settings(host_option, port_option)
def what_if(
    loaded: Loaded,
    run: str,
    file: Path,
    batch: str | None,
    reason: str | None,
    only_if_higher: bool,
    url: str | None,
    as_json: bool,
) -> None:
    """Say whose grade, pass or certificate on record would be another under another policy.

    FILE is JSON: the body of publish-grading-policy without its run. Nothing is written, unless
    --apply names a batch: then the policy is published, and every grade computed again.

    \b
    Example:
      registrar grades what-if AAA-2013J stricter.json
      registrar grades what-if AAA-2013J kinder.json --apply kinder --reason "Question 3"
    """
    if (batch is None) != (reason is None):
        raise click.UsageError("--apply and --reason go together")
    address, body = server_url(loaded, url), file.read_bytes()
    changes, result = _replay(address, run, body, quiet=as_json)
    if as_json:
        print_json({**result, "changes": changes})
    else:
        show_what_if(changes, result)
    if batch is None:
        return
    digest = hashlib.sha256(body).hexdigest()[:32]
    policy = {"name": "publish-grading-policy", "key": f"grades/{batch}/{digest}"}
    start = {"run": run, "batch": batch, "reason": reason, "only_if_higher": only_if_higher}
    for command in (
        {**policy, "body": {**msgspec.json.decode(body), "run": run}},
        {"name": "start-regrade", "key": f"grades/{batch}", "body": start},
    ):
        (answer,) = _send(address, [command])
        if "problem" in answer:
            raise Failed(answer["problem"]["detail"])
    click.echo(f"Batch {batch} of regrades has begun.", err=True)


def _replay(
    address: str, run: str, body: bytes, *, quiet: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the changes and the sums."""
    job = post(address, f"/v1/runs/{quote(run)}/what-if", body, JSON, seconds=TIMEOUT_SECONDS)
    path = f"/v1/jobs/{job['job']}"
    wait_for_job(address, path, "replaying", quiet=quiet)
    told = [msgspec.json.decode(line) for line in fetch(address, f"{path}/result").splitlines()]
    return [one for one in told if one["kind"] == "change"], told[-1]


def _commands(found: dict[str, Any], digest: str, reason: str) -> Iterator[dict[str, Any]]:
    for change in found["changes"]:
        yield {
            "name": change["command"],
            "key": f"grades/{digest}/{change['line']}/{change['item']}",
            "body": {**change["body"], "reason": reason},
        }
    for subject in dict.fromkeys(change["subject"] for change in found["grades"]):
        yield {
            "name": "compute-grade",
            "key": f"grades/{digest}/{subject}",
            "body": {"run": found["run"], "subject": subject},
        }


def _batches(commands: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for first in range(0, len(commands), COMMANDS_A_BATCH):
        yield commands[first : first + COMMANDS_A_BATCH]


def _preview(address: str, run: str, content: bytes) -> dict[str, Any]:
    path = f"/v1/runs/{quote(run)}/gradebook/preview"
    found: dict[str, Any] = post(address, path, content, "text/csv", seconds=TIMEOUT_SECONDS)
    return found


def _send(address: str, commands: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    body = msgspec.json.encode({"commands": commands})
    answer = post(address, "/v1/commands", body, JSON, seconds=TIMEOUT_SECONDS)
    results: list[dict[str, Any]] = answer["results"]
    return results
