"""``registrar grades``: take a run's gradebook along, and bring it back changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import httpx
import msgspec

from infra.cli.authorization import authorization
from infra.cli.client import fetch, get, refused, unreachable
from infra.cli.errors import Failed
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_table
from infra.settings.loading import Loaded

COMMANDS_A_BATCH = 200
TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.3
ROWS_SHOWN_MAX = 200
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
    _show(found)


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
        _show(found)
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
    """Say whose grade, pass or certificate would be another under another policy.

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
    changes, result = _replay(address, run, body)
    if as_json:
        print_json({**result, "changes": changes})
    else:
        _show_what_if(changes, result)
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


def _replay(address: str, run: str, body: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the changes and the sums; progress goes to standard error."""
    job = _post(address, f"/v1/runs/{quote(run)}/what-if", body, "application/json")
    path = f"/v1/jobs/{job['job']}"
    while job["state"] in ("waiting", "running"):
        time.sleep(POLL_SECONDS)
        job = get(address, path)
        if job["of"] is not None:
            click.echo(f"\r{job['done']:,} of {job['of']:,}", nl=False, err=True)
    click.echo("", err=True)
    if job["error"] is not None:
        raise Failed(job["error"])
    told = [msgspec.json.decode(line) for line in fetch(address, f"{path}/result").splitlines()]
    return [one for one in told if one["kind"] == "change"], told[-1]


def _show_what_if(changes: Sequence[dict[str, Any]], result: dict[str, Any]) -> None:
    print_table(
        ("learner", "grade", "would be", "passed", "would have", "certificate", "would be had"),
        [
            (
                change["subject"],
                *(f"{side['percent']}% {side['letter'] or ''}" for side in _sides(change)),
                *("yes" if side["passed"] else "no" for side in _sides(change)),
                *("yes" if side["certificate"] else "no" for side in _sides(change)),
            )
            for change in changes[:ROWS_SHOWN_MAX]
        ],
        title=f"Of {result['learners']} learners {result['grades']} grades, {result['passes']} "
        f"passes and {result['certificates']} certificates would change",
    )


def _sides(change: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return change["before"], change["after"]


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
    found: dict[str, Any] = _post(address, path, content, "text/csv")
    return found


def _send(address: str, commands: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    body = msgspec.json.encode({"commands": commands})
    results: list[dict[str, Any]] = _post(address, "/v1/commands", body, "application/json")[
        "results"
    ]
    return results


def _post(address: str, path: str, content: bytes, kind: str) -> Any:
    try:
        response = httpx.post(
            f"{address}{path}",
            content=content,
            headers={"content-type": kind},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            auth=authorization(address),
        )
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise unreachable(address, error) from error
    if not response.is_success:
        raise Failed(refused(address, response))
    return msgspec.json.decode(response.content)


def _show(found: dict[str, Any]) -> None:
    changes = found["changes"]
    print_table(
        ("line", "learner", "item", "change", "before", "after"),
        [
            (
                change["line"],
                change["subject"],
                change["item"],
                change["command"],
                _score(change["old"], change["old_possible"]),
                _score(change["new"], change["possible"]),
            )
            for change in changes[:ROWS_SHOWN_MAX]
        ],
        title=f"{len(changes)} changes, {found['unchanged']} cells as they stand",
    )
    if found["grades"]:
        print_table(
            ("learner", "grade", "would be"),
            [
                (
                    one["subject"],
                    f"{one['percent']}% {one['letter'] or ''}",
                    f"{one['new_percent']}% {one['new_letter'] or ''}",
                )
                for one in found["grades"][:ROWS_SHOWN_MAX]
            ],
            title=f"{len(found['grades'])} grades would change",
        )
    if found["refused"]:
        print_table(
            ("line", "learner", "item", "cell", "why not"),
            [
                (one["line"], one["subject"], one["item"], one["value"], one["detail"])
                for one in found["refused"][:ROWS_SHOWN_MAX]
            ],
            title=f"{len(found['refused'])} cells cannot be taken",
        )


def _score(raw: str | None, possible: str | None) -> str:
    return "–" if raw is None else f"{raw} of {possible}"
