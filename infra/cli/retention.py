"""``registrar retention``: whose personal fields would go, by the rules there are?"""

from __future__ import annotations

from typing import Any

import click

from infra.cli.client import get
from infra.cli.moments import moment
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

ROWS_SHOWN_MAX = 1_000


@click.command()
@click.option(
    "--dry-run",
    is_flag=True,
    help="List whose personal fields would go. Nothing else is done from here: the server applies "
    "the rules by itself.",
)
@click.option("--by", help="By this time, like 2030-01-01T00:00:00Z; now, if it is not given.")
@url_option
@json_option
@with_settings(host_option, port_option)
def retention(
    loaded: Loaded, by: str | None, url: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Show the rules of retention, or with --dry-run whom they would take.

    \b
    Example:
      registrar retention
      registrar retention --dry-run --by 2030-01-01T00:00:00Z
    """
    address = server_url(loaded, url)
    if not dry_run:
        rules = get(address, "/v1/retention/rules")["rules"]
        if as_json:
            print_json(rules)
            return
        print_table(
            ("rule", "months", "after", "types"),
            [
                (
                    one["rule"],
                    "retired" if one["retired"] else one["months"] or "for ever",
                    one["after"],
                    ", ".join(one["types"]) or "all",
                )
                for one in rules
            ],
        )
        return
    asked: dict[str, Any] = {"by": None if by is None else moment("--by", by)}
    found: list[dict[str, Any]] = []
    looked_at = 0
    while True:
        page = get(address, "/v1/retention/preview", asked)
        found += page["learners"]
        looked_at += page["looked_at"]
        asked = {"by": page["by"], "next": page["next"]}
        if page["next"] is None:
            break
    if as_json:
        print_json(found)
        return
    print_table(
        ("learner", "kept until", "by rule", ""),
        [
            (
                one["subject"],
                one["until"],
                one["rule"],
                "asked for already" if one["asked"] else "legal hold" if one["held"] else "",
            )
            for one in found[:ROWS_SHOWN_MAX]
        ],
        title=f"{len(found):,} of {looked_at:,} learners by {page['by']}",
    )
