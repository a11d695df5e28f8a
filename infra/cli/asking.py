"""How does a verb get what nobody is to see: hidden on a terminal, or by a pipe?"""

from __future__ import annotations

import sys

import click


def hidden(what: str, *, twice: bool = False) -> str:
    """Return what is typed without being shown, ``twice`` to be sure, or the first line of standard
    input where that is no terminal. Raises click.UsageError where there is none."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, confirmation_prompt=twice))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError(f"{what}: neither given nor on standard input")
    return line
