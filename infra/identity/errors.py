"""Why is somebody not let in?"""

from __future__ import annotations


class WrongToken(Exception):
    """A token is not believed. One sentence, which says nothing of others' tokens."""


class IssuerUnavailable(Exception):
    """Whether a token is good cannot be found out now. One sentence."""
