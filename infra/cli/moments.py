"""How is a time read from the command line?"""

from __future__ import annotations

from datetime import UTC, datetime

import click


def moment(option: str, text: str) -> str:
    """Return a time with its offset, which is UTC where none is said; a date is its beginning.
    Raises UsageError."""
    return _read(text, f"{option}: {text!r} is no time like 2014-02-01T12:00:00Z")


def instant(option: str, text: str) -> str:
    """Return a position of the log as digits, or a time with its offset. Raises UsageError."""
    if text.isascii() and text.isdigit():
        return text
    return _read(
        text, f"{option}: {text!r} is neither a position nor a time like 2014-02-01T12:00:00Z"
    )


def _read(text: str, wrong: str) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(wrong) from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()
