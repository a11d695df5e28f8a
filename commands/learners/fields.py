"""Which values make up a profile, and how do they become facts?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from commands.decision import Command, Context
from commands.fields import LINE, LINES, TITLE_CHARACTERS_MAX
from domain.kernel import Personal
from domain.learners.facts import PLAIN, SEALED

EMAIL_CHARACTERS_MAX = 254
ADDRESS_CHARACTERS_MAX = 1_000

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=TITLE_CHARACTERS_MAX, pattern=LINE
    ),
]
Email = Annotated[
    str,
    Field(
        max_length=EMAIL_CHARACTERS_MAX,
        pattern=r"^[^\x00-\x20@\x7f-\x9f]+@[^\x00-\x20@\x7f-\x9f]+$",
    ),
]
Address = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=ADDRESS_CHARACTERS_MAX, pattern=LINES
    ),
]
Language = Annotated[
    str, Field(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", examples=["en-GB"])
]
"""A language tag [BCP 47]."""
TimeZone = Annotated[
    str,
    Field(max_length=64, pattern=r"^[A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}$", examples=["Europe/London"]),
]
"""A name of the IANA time zone database."""


class ProfileBody(Command):
    """What a profile holds. Nothing of it must be told."""

    name: Name | None = Field(default=None, description="Kept encrypted.")
    email: Email | None = Field(default=None, description="Kept encrypted.")
    address: Address | None = Field(
        default=None, description="Where notices go by post. Kept encrypted."
    )
    student_number: Name | None = Field(
        default=None, description="What the institution calls the person. Kept encrypted."
    )
    language: Language | None = Field(default=None, description="A tag: `en-GB`.")
    time_zone: TimeZone | None = Field(default=None, description="A name: `Europe/London`.")


def told(command: ProfileBody, context: Context) -> dict[str, str]:
    """Return what is told as a decision's state holds it: marks of what is sealed."""
    found = {
        name: context.mark(value)
        for name in SEALED
        if (value := getattr(command, name)) is not None
    }
    return found | {name: value for name in PLAIN if (value := getattr(command, name)) is not None}


def as_fields(command: ProfileBody, marks: dict[str, str]) -> dict[str, Any]:
    """Return those fields of a fact that ``marks`` names."""
    return {
        name: Personal(value=getattr(command, name), mark=mark) if name in SEALED else mark
        for name, mark in marks.items()
    }
