"""``registrar events``: what is being recorded right now?"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import click
import httpx
import msgspec

from infra.cli.authorization import authorization
from infra.cli.client import fault
from infra.cli.errors import Failed
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json
from infra.settings.loading import Loaded

SILENCE_SECONDS_MAX = 60.0
"""The server says at least a comment more often than this."""
RECONNECT_SECONDS = 1.0
RECONNECTS_MAX = 60


class Message(NamedTuple):
    """One message of an event stream: its id (epoch and position of the log), its data, and what
    it is of."""

    id: str | None
    data: str
    event: str | None = None


@click.group()
def events() -> None:
    """Follow the facts as they are recorded.

    \b
    Example:
      registrar events tail --run AAA-2013J
    """


@events.command()
@click.option("--type", "types", multiple=True, help="Only this type of fact; may be repeated.")
@click.option("--run", "in_run", help="Only this run.")
@click.option("--subject", help="Only this learner.")
@click.option(
    "--from",
    "after",
    type=click.IntRange(0),
    help="Begin after this position of the log; 0: with the first fact. By default: only new ones.",
)
@url_option
@json_option
@with_settings(host_option, port_option)
def tail(
    loaded: Loaded,
    types: tuple[str, ...],
    in_run: str | None,
    subject: str | None,
    after: int | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Print every fact, one a line, until Ctrl-C. With --json each line is a CloudEvents event.

    \b
    Example:
      registrar events tail --type CertificateIssued --from 0
    """
    wanted = {"type": types or None, "run": in_run, "subject": subject}
    parameters = {name: value for name, value in wanted.items() if value is not None}
    address = server_url(loaded, url)
    for message in follow(f"{address}/v1/events", parameters, after, authorization(address)):
        event = msgspec.json.decode(message.data)
        if as_json:
            print_json(event, indent=0)
        else:
            print(_line(event), flush=True)


def follow(
    url: str,
    parameters: dict[str, Any],
    after: int | None,
    auth: httpx.Auth | None = None,
) -> Iterator[Message]:
    """Yield messages for ever; after a lost connection it goes on behind the last one.

    Raises Failed where the server refuses, is not there, leaves and stays away for a minute, or
    has a log of another epoch, in which what was told may not have happened.
    """
    if after is not None:
        parameters = parameters | {"after": after}
    last: str | None = None
    connected, lost = False, 0
    while True:
        headers = {"Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        try:
            timeout = httpx.Timeout(SILENCE_SECONDS_MAX)
            with httpx.stream(
                "GET",
                url,
                params=parameters,
                headers=headers,
                timeout=timeout,
                trust_env=False,
                auth=auth,
            ) as response:
                if not response.is_success:
                    response.read()
                    raise fault(url, response)
                connected = True
                for message in messages(response.iter_lines()):
                    lost = 0
                    last = message.id or last
                    if message.event == "epoch":
                        raise Failed("the log has a new epoch (a backup was restored): begin again")
                    if message.data:
                        yield message
        except (httpx.TransportError, httpx.InvalidURL) as error:
            if lost == RECONNECTS_MAX or (last is None and after is None) or not connected:
                raise Failed(f"{url} cannot be reached ({error}); is it running?") from error
            if lost == 0:
                print(f"connection lost ({error}); trying again", file=sys.stderr)
        lost += 1
        time.sleep(RECONNECT_SECONDS)


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Read an event stream (WHATWG HTML, section 9.2): comments are skipped."""
    identity: str | None = None
    event: str | None = None
    data: list[str] = []
    for line in lines:
        if not line:
            if data or identity is not None:
                yield Message(identity, "\n".join(data), event)
            identity, event, data = None, None, []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "id":
            identity = value
        elif field == "event":
            event = value


def _line(event: dict[str, Any]) -> str:
    """Position, time, type without prefix and version, stream, and what is in it."""
    kind = event["type"].split(".")[1]
    data = msgspec.json.encode(event["data"]).decode()
    return f"{int(event['sequence'])} {event['time']} {kind} {event['stream']} {data}"
