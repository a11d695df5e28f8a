"""What does a form say that a page sent?"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import Request

from read_api.errors import BadParameter

FORM_BYTES_MAX = 65_536
FIELDS_MAX = 12


async def read_form(request: Request, name: str) -> Mapping[str, str]:
    """Return the fields, each once. Raises BadParameter about the field ``name``, the one that may
    be long, where the form is too large or cannot be read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise BadParameter(name, f"may have {FORM_BYTES_MAX} bytes at most")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadParameter(name, "cannot be read") from None
    return {key: values[0] for key, values in fields.items()}
