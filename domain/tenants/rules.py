"""What may not be done with a tenant?"""

from __future__ import annotations

from domain.kernel import Refusal

NAME = r"[a-z][a-z0-9-]{0,39}"
"""What a tenant may be called: it begins the names of its streams, and stands in tokens."""


class TenantIsOpen(Refusal):
    """A tenant is opened once, under one title. The same again changes nothing."""

    rule = "tenant-open"
    title = "The tenant is open already"
