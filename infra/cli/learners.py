"""``registrar learners``: who are the learners, and which records are one person?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from infra.cli.client import command, get
from infra.cli.erasing import erase
from infra.cli.exporting import export
from infra.cli.merging import merge, unmerge
from infra.cli.options import (
    host_option,
    json_option,
    port_option,
    server_url,
    url_option,
    with_settings,
)
from infra.cli.output import print_json, print_recorded, print_table
from infra.settings.loading import Loaded

LEARNERS_SHOWN_MAX = 500


@click.group()
def learners() -> None:
    """Register learners, find them, change what is known of them, merge records of one person.

    \b
    Example:
      registrar learners register --name "Ada Lovelace" --email ada@example.org
      registrar learners find lovelace
      registrar learners export oulad-11391 --to oulad-11391.zip
      registrar learners merge oulad-1 --into oulad-2 --reason "One person, registered twice"
    """


def _profile_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--time-zone", help="A name like Europe/London."),
        click.option("--language", help="A tag like en-GB."),
        click.option("--student-number", help="What the institution calls the person."),
        click.option("--address", help="Where notices go by post."),
        click.option("--email"),
        click.option("--name"),
    ):
        verb = option(verb)
    return verb


@learners.command()
@click.option("--subject", help="The pseudonym, where there is one already.")
@click.option("--key", help="An idempotency key: sent again with it, nobody is registered twice.")
@_profile_options
@url_option
@json_option
@with_settings(host_option, port_option)
def register(
    loaded: Loaded, /, url: str | None, key: str | None, *, as_json: bool, **profile: str | None
) -> None:
    """Register a person, and print the pseudonym that stands for them.

    \b
    Example:
      registrar learners register --name "Ada Lovelace" --email ada@example.org
    """
    answer = command(server_url(loaded, url), "register-learner", profile, key)
    if as_json:
        print_json(answer)
    else:
        print(answer.get("subject") or profile["subject"])


@learners.command()
@click.argument("subject")
@_profile_options
@click.option("--clear", multiple=True, help="A field that is to hold nothing any more.")
@click.option("--correction", is_flag=True, help="It had been wrong, not only become so.")
@url_option
@json_option
@with_settings(host_option, port_option)
def change(
    loaded: Loaded,
    /,
    subject: str,
    url: str | None,
    clear: tuple[str, ...],
    *,
    as_json: bool,
    correction: bool,
    **profile: str | None,
) -> None:
    """Change what is named of a profile.

    \b
    Example:
      registrar learners change oulad-11391 --email ada@example.com --clear address
    """
    body = {**profile, "subject": subject, "clear": [name.replace("-", "_") for name in clear]}
    answer = command(server_url(loaded, url), "change-profile", body | {"correction": correction})
    print_recorded(answer, as_json=as_json)


@learners.command()
@click.argument("words", nargs=-1)
@url_option
@json_option
@with_settings(host_option, port_option)
def find(loaded: Loaded, words: tuple[str, ...], url: str | None, *, as_json: bool) -> None:
    """List registered learners, or those with all these words in name, e-mail address, student
    number or pseudonym.

    \b
    Example:
      registrar learners find lovelace
    """
    address = server_url(loaded, url)
    asked: dict[str, Any] = {"q": " ".join(words) or None, "limit": LEARNERS_SHOWN_MAX}
    found: list[dict[str, Any]] = []
    while True:
        page = get(address, "/v1/learners", asked)
        found += page["learners"]
        if page["next"] is None or len(found) >= LEARNERS_SHOWN_MAX:
            break
        asked["next"] = page["next"]
    if as_json:
        print_json(found)
        return
    print_table(
        ("subject", "name", "e-mail", "student number", "merged into"),
        [
            (
                one["subject"],
                *(_shown(one[name]) for name in ("name", "email", "student_number")),
                one["merged_into"],
            )
            for one in found
        ],
    )


@learners.command()
@click.argument("subject")
@url_option
@json_option
@with_settings(host_option, port_option)
def profile(loaded: Loaded, subject: str, url: str | None, *, as_json: bool) -> None:
    """Show a learner as a person.

    \b
    Example:
      registrar learners profile oulad-11391
    """
    found = get(server_url(loaded, url), f"/v1/learners/{quote(subject, safe='')}/profile")
    if as_json:
        print_json(found)
        return
    hidden = {"as_of", "incomplete"}
    rows = [(name, _shown(said)) for name, said in found.items() if name not in hidden and said]
    print_table(("field", "value"), rows)


def _shown(said: Any) -> Any:
    if isinstance(said, dict):
        return "(closed)" if said["erased"] else said["value"]
    return ", ".join(map(str, said)) if isinstance(said, list) else said


for one in (merge, unmerge, export, erase):
    learners.add_command(one)
