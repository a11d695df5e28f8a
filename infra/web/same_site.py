"""Does a request come from a page of ours?"""

from __future__ import annotations

from starlette.requests import HTTPConnection

OWN = ("same-origin", "none")
"""``none``: the person typed the address, or took a bookmark."""


def from_here(request: HTTPConnection, origin: str) -> bool:
    """Whether the browser says that a request comes from this origin, or does not say.

    Scripts of other sites can write neither header. Where a browser sends none, because it is old,
    what else a request carries decides.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN
    sender = request.headers.get("origin")
    return sender is None or sender == origin
