"""What may a program ask to be allowed?"""

from __future__ import annotations

from collections.abc import Sequence

from domain.access.roles import SCOPES, WHOLE

OPENID, PROFILE = "openid", "profile"
IDENTITY = (OPENID, PROFILE)
"""Who has signed in, and under which name."""
OF_PERSON = (*IDENTITY, WHOLE)
"""What a program gets in which people do whatever they may do."""
OF_SERVICE = tuple(scope for scope in SCOPES if scope != WHOLE)
"""All that a program may be allowed that acts for itself."""
ALL = (*IDENTITY, *SCOPES)


def granted(asked: Sequence[str], allowed: Sequence[str]) -> str:
    """Return what of this is granted, as tokens say it. The rest is left out, as OpenID Connect has
    it; who asks for nothing gets all that it may."""
    return " ".join(scope for scope in asked or allowed if scope in allowed)
