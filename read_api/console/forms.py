"""What does a form say that a page sent?"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import Request

from read_api.errors import BadParameter

FORM_BYTES_MAX = 65_536
"""The largest form but one is that of a grading policy to try."""
TABLE_BYTES_MAX = 4_000_000
"""A gradebook of some thousand learners; encoded, a comma takes three bytes."""
FIELDS_MAX = 12


def is_table(path: str) -> bool:
    """Whether the form of this address may hold a whole gradebook."""
    return path.startswith("/console/runs/") and path.endswith("/gradebook")


async def read_form(request: Request, name: str) -> Mapping[str, str]:
    """Return the fields, each once. Raises BadParameter about the field ``name``, the one that may
    be long, where the form is too large or cannot be read."""
    body = bytearray()
    largest = TABLE_BYTES_MAX if is_table(request.url.path) else FORM_BYTES_MAX
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise BadParameter(name, f"may have {largest} bytes at most")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadParameter(name, "cannot be read") from None
    return {key: values[0] for key, values in fields.items()}
