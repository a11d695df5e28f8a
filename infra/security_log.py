"""What is told on standard error of who came in, who could not, and what was refused?

One line each, a word and an object of JSON, in which nothing that was sent can begin a line of its
own [ASVS 5.0, V16]: pseudonyms, ids of programs and addresses; never names, passwords, codes or
tokens.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec

_log = logging.getLogger("registrar.security")


def tell(event: str, **what: object) -> None:
    """Tell that something happened; what is None or empty is left out."""
    if _log.isEnabledFor(logging.INFO):
        told = {name: value for name, value in what.items() if value not in (None, "", ())}
        line = msgspec.json.encode({"at": datetime.now(UTC), "event": event, **told})
        _log.info("security %s", line.decode())


def on_standard_error() -> None:
    """Have it told there from now on, once for each process."""
    if not _log.handlers:
        _log.addHandler(logging.StreamHandler(sys.stderr))
    _log.setLevel(logging.INFO)
    _log.propagate = False
