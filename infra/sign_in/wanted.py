"""Which page did somebody want to see before they had to sign in?"""

from __future__ import annotations

from urllib.parse import urlsplit

FIRST = "/console"
CHARACTERS_MAX = 2_000


def wanted(asked: str | None) -> str:
    """Return a page of the console: the one that was asked for, if it is one; else the first.

    Never an address of another site, however it is written: browsers take ``//host``, ``/\\host``
    and what has line feeds or tabs in it for one.
    """
    if asked is None or len(asked) > CHARACTERS_MAX or not asked.isascii():
        return FIRST
    if not asked.isprintable() or "\\" in asked or " " in asked:
        return FIRST
    try:
        parts = urlsplit(asked)
    except ValueError:
        return FIRST
    inside = parts.path == FIRST or parts.path.startswith(f"{FIRST}/")
    if parts.scheme or parts.netloc or not inside or ".." in parts.path or "//" in parts.path:
        return FIRST
    return asked
