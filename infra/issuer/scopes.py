"""What may a program ask to be allowed?"""

from __future__ import annotations

from collections.abc import Sequence

OPENID, PROFILE, ALL = "openid", "profile", "registrar"
SCOPES = (OPENID, PROFILE, ALL)
"""Who has signed in; under which name; and to do what they may do."""


def granted(asked: Sequence[str]) -> str:
    """Return what of this is granted, as tokens say it. Others are left out, as OpenID Connect has
    it; who asks for nothing gets what there is to do."""
    known = [scope for scope in asked if scope in SCOPES]
    return " ".join(known or [ALL])
