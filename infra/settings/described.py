"""How does the reference tell of each setting?"""

from __future__ import annotations

from typing import NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Meta

from infra.settings.fields import Settings, variable


class Described(NamedTuple):
    """One setting as the reference and ``registrar settings`` show it."""

    name: str
    variable: str
    description: str
    secret: bool
    default: str


def described() -> tuple[Described, ...]:
    """Return every setting with its description, in the order of the class."""
    hints = get_type_hints(Settings, include_extras=True)
    entries = []
    for field in msgspec.structs.fields(Settings):
        meta = next(part for part in get_args(hints[field.name]) if isinstance(part, Meta))
        default = (
            "the user's data folder"
            if field.default is msgspec.NODEFAULT
            else ""
            if field.default is None
            else str(field.default)
        )
        entries.append(
            Described(
                field.name,
                variable(field.name),
                meta.description or "",
                bool((meta.extra or {}).get("secret")),
                default,
            )
        )
    return tuple(entries)
