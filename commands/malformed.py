"""What is wrong with a body, in which field, and how is that told to a person?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from commands.fields import ID, LINE, LINES, WORD, Contradiction

ERRORS_MAX = 50
UNION_TAGS = frozenset({"weighted", "grouped"})
"""Stand in pydantic's path to a field, and in no body."""
NO_SUCH_KIND = "no_such_kind"
"""The error of a choice whose ``kind`` is none of those that there are."""

_SAID = {
    "missing": "is required",
    "extra_forbidden": "is no field that is known here",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must be no shorter than {min_length} characters",
    "string_too_long": "must be no longer than {max_length} characters",
    "too_short": "must have no fewer entries than {min_length}",
    "too_long": "must have no more entries than {max_length}",
    "literal_error": "must be {expected}",
    "decimal_max_places": "must have no more decimal places than {decimal_places}",
    "decimal_max_digits": "must have no more digits than {max_digits}",
}
"""Told in place of pydantic's own words, which are about Python."""
_PATTERNS = {
    ID: "must be letters, digits and . _ ~ -, beginning with a letter or digit",
    WORD: "must be small letters, digits and hyphens, beginning with a letter",
    LINE: "must be one line, without control characters",
    LINES: "must hold no control characters",
}


class FieldError(NamedTuple):
    """A field that breaks a rule of form. ``field`` is a dotted path, ``body`` for the whole."""

    field: str
    message: str


class Malformed(Exception):
    """The request cannot be understood as a command."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def of_validation(error: ValidationError) -> Malformed:
    """Name every field that pydantic refused, and the rule."""
    found = error.errors(include_url=False, include_input=False)
    return Malformed(*map(_field_error, found[:ERRORS_MAX]))


def _field_error(item: ErrorDetails) -> FieldError:
    steps = [str(part) for part in item["loc"] if part not in UNION_TAGS]
    context: dict[str, Any] = item.get("ctx", {})
    match item["type"], context:
        case _, {"error": Contradiction(field=field, message=message)}:
            steps.append(field)
        case "string_pattern_mismatch", {"pattern": pattern}:
            message = _PATTERNS.get(pattern, f"must match {pattern}")
        case kind, _ if kind in _SAID:
            message = _SAID[kind].format(**context)
        case kind, _:
            if kind == NO_SUCH_KIND:
                steps.append("kind")
            message = item["msg"].removeprefix("Value error, ")
    return FieldError(".".join(steps) or "body", message)
