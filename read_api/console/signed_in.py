"""Who looks at a page of the console?"""

from __future__ import annotations

from typing import NamedTuple, cast

from starlette.requests import HTTPConnection

SIGNED_IN = "registrar.signed_in"
"""Under this name whoever signed in with the browser stands in the scope of a request."""


class SignedIn(NamedTuple):
    """A person who signed in with this browser; ``form_token`` is what forms must carry."""

    name: str
    form_token: str


def signed_in(request: HTTPConnection) -> SignedIn | None:
    """Return who has signed in. None: nobody, or access control is off."""
    return cast("SignedIn | None", request.scope.get(SIGNED_IN))
