"""Which kinds of value do command bodies hold, and within which bounds?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from domain.exact import text as text

TITLE_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
AMOUNT_DIGITS_MAX = 12
AMOUNT_PLACES_MAX = 6
YEAR_FIRST = 1990
YEAR_LAST = 2200
ITEMS_MAX = 2_000
SEATS_MAX = 1_000_000
OFFER_HOURS_MAX = 24 * 90

ID = r"^[A-Za-z0-9][A-Za-z0-9._~-]*$"
WORD = r"^[a-z][a-z0-9-]*$"
# Control characters hold no text: one is refused by text columns, others steer terminals.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

# Decimal itself also takes underscores, white space and the digits of every script.
_NUMERAL = re.compile(r"[0-9A-Za-z.+-]{1,40}")


class Contradiction(ValueError):
    """Fields that do not go together. ``field`` is where it is to be mended, as a dotted path from
    the model that was checked; the message is told after it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def _text_only(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value  # numbers would be taken for seconds since 1970
    raise ValueError("a time is a text like 2013-10-01T08:00:00Z")


def _number_or_text(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMERAL.fullmatch(value)):
        raise ValueError("must be a number, or a text that holds one")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=ID)]
"""An identifier that is safe in URLs, stream names and file names."""

Moment = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(YEAR_FIRST, 1, 1, tzinfo=UTC),
        lt=datetime(YEAR_LAST + 1, 1, 1, tzinfo=UTC),
    ),
    AfterValidator(_in_utc),
    BeforeValidator(_text_only),
]
"""A time with its offset, in sane years; taken to UTC."""

Title = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=TITLE_CHARACTERS_MAX, pattern=LINE
    ),
]
Label = Annotated[str, Field(max_length=TITLE_CHARACTERS_MAX, pattern=LINE)]
"""A short text that may be empty."""

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, pattern=LINES)]

Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS_MAX, pattern=LINES
    ),
]
"""A text that is never empty."""

ModeName = Annotated[str, Field(min_length=1, max_length=32, pattern=WORD)]
"""A mode is an open set of kebab-case words; a run says which it offers."""

Exact = Annotated[Decimal, Field(allow_inf_nan=False), BeforeValidator(_number_or_text)]
"""A decimal as it was written, never a float."""

Amount = Annotated[
    Exact, Field(ge=0, max_digits=AMOUNT_DIGITS_MAX, decimal_places=AMOUNT_PLACES_MAX)
]
"""A score, a highest score or a weight."""

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000)]
Seats = Annotated[int, Field(strict=True, ge=0, le=SEATS_MAX)]
OfferHours = Annotated[int, Field(strict=True, ge=1, le=OFFER_HOURS_MAX)]
Weeks = Annotated[int, Field(strict=True, ge=1, le=520)]
Days = Annotated[int, Field(strict=True, ge=0, le=3_650)]
Position = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
Modes = Annotated[tuple[ModeName, ...], Field(max_length=20)]
