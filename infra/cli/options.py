"""Which options do several verbs share?"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from domain.access import INSTALLATION
from domain.tenants.rules import NAME
from infra.cli.authorization import SETTINGS
from infra.settings.described import described
from infra.settings.loading import Loaded, load

P = ParamSpec("P")

_HELP = {entry.name: entry.description for entry in described()}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="A TOML file of settings. Otherwise registrar.toml in the data folder, if it is there.",
)
host_option = click.option("--host", help=_HELP["host"])
port_option = click.option("--port", type=int, help=_HELP["port"])
data_option = click.option("--data", help=_HELP["data"])
database_option = click.option("--database-url", help=_HELP["database_url"])
anchors_option = click.option("--anchors", help=_HELP["anchors"])
example_option = click.option(
    "--example/--no-example",
    default=None,
    help="Whether an empty log is given a real OULAD run to look at; it is, by default.",
)
probe_port_option = click.option(
    "--probe-port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="Answer /healthz and /metrics on this port of the host; 0, the default: nowhere.",
)
url_option = click.option(
    "--url", help="The server's address. By default that of the host and port set for it here."
)


def tenant_option(what: str) -> Callable[[Any], Any]:
    """Return the option that names a tenant, ``main`` by default; ``what`` says of whom."""
    return click.option(
        "--tenant", default=INSTALLATION, show_default=True, help=what, callback=_tenant
    )


def _tenant(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise click.BadParameter(
            f"{name!r} is no tenant: small letters, digits and hyphens, 40 at most"
        )
    return name


def with_settings(
    *options: Callable[[Any], Any],
) -> Callable[[Callable[Concatenate[Loaded, P], None]], Callable[P, None]]:
    """Give a verb these options for settings, and all settings as its first argument.

    Its other options are added outside of this decorator. Raises WrongSetting when it runs.
    """

    def decorate(verb: Callable[Concatenate[Loaded, P], None]) -> Callable[P, None]:
        @functools.wraps(verb)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
            names = (*_HELP, "config")
            flags = {name: kwargs.pop(name) for name in names if name in kwargs}
            config = flags.pop("config", None)
            loaded = load(flags, os.environ, config if isinstance(config, Path) else None)
            click.get_current_context().meta[SETTINGS] = loaded.settings
            verb(loaded, *args, **kwargs)

        for option in reversed((*options, config_option)):
            option(wrapped)
        return wrapped

    return decorate


def server_url(loaded: Loaded, url: str | None) -> str:
    """Return the address to ask: the one given, or the one that a server here would have."""
    if url is not None:
        if not url.startswith(("http://", "https://")):
            raise click.UsageError(f"--url: {url} does not begin with http:// or https://")
        return url.rstrip("/")
    host = loaded.settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{loaded.settings.port}"
