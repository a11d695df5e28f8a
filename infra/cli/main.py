"""Which verb was asked for, and how do errors and interruptions end?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from infra.cli.errors import Failed, Interrupted
from infra.settings.fields import WrongSetting

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

VERBS = {
    "serve": "Start the server.",
    "up": "Start everything: in one process, or a whole cluster on this machine.",
    "replay": "Send a data set through the command API.",
    "projections": "List, rebuild and mend the readings.",
    "events": "Follow the facts as they are recorded.",
    "access": "Show who may do what, now or then; give roles and take them.",
    "learner": "Show a learner's record, now or as it was.",
    "learners": "Register, find and merge learners as people.",
    "retention": "Show how long learners' data is kept, and whom that would take.",
    "grades": "Export a gradebook, and bring it back changed.",
    "tenants": "Open, list, move and erase the tenants of an installation.",
    "analysts": "Add, list and remove logins that analyse a tenant in SQL.",
    "users": "Add and change the people of the development issuer.",
    "issuer": "Change the development issuer's keys and programs.",
    "log": "Export and audit the log; show and replace the key that signs it.",
    "verify": "Check an exported file, without server or database.",
    "migrate": "Make the tables of a cluster's database.",
    "relay": "Bring the facts of a cluster to Kafka.",
    "follow": "Run the policies of a cluster, and rebuild its readings.",
    "work": "Keep readings of a cluster up.",
    "token": "Print an access token for a program.",
    "settings": "Show all settings and where each comes from.",
}


class _Verbs(click.Group):
    """The verbs, each imported when it is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(f"infra.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - narrows what getattr returns
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _version() -> str:
    try:
        return version("registrar")
    except PackageNotFoundError:
        return "(not installed)"


@click.group(cls=_Verbs, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.version_option(_version(), prog_name="registrar")
@click.pass_context
def registrar(context: click.Context) -> None:
    """The learning record: an event log, course rules and readings.

    \b
    Example:
      registrar serve
      registrar replay oulad --run AAA-2013J
      registrar learner oulad-11391
    """
    if context.invoked_subcommand is None:
        raise click.UsageError(f"name a command: {', '.join(VERBS)}; registrar --help tells more")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    0 done, 1 failed, 2 wrong use, 130 interrupted. Whatever goes wrong is told in one line on
    standard error.
    """
    try:
        code = registrar.main(arguments, prog_name="registrar", standalone_mode=False)
    except (click.UsageError, WrongSetting) as error:
        return _say(error, WRONG_USE)
    except (click.ClickException, Failed) as error:
        return _say(error, FAILED)
    except Interrupted as error:
        return _say(error, INTERRUPTED)
    except (click.Abort, KeyboardInterrupt):
        return _say(Interrupted("interrupted"), INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter's own flush must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code if isinstance(code, int) else DONE


def _say(error: Exception, code: int) -> int:
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    print(f"registrar: {' '.join(message.split())}", file=sys.stderr)
    return code


def main() -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
