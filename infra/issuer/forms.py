"""What may a request to the issuer carry, and how is it read?"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

FORM_BYTES_MAX = 16_384
FIELDS_MAX = 40
FORM = "application/x-www-form-urlencoded"


class WrongForm(Exception):
    """A request cannot be read. One sentence."""


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises WrongForm."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != FORM:
        raise WrongForm(f"Send it as {FORM}.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise WrongForm(f"A form has {FORM_BYTES_MAX} bytes at most.")
    return read_fields(body)


def read_fields(encoded: bytes) -> dict[str, str]:
    """Return the parameters of a form or an address; none may be there twice [RFC 6749, 3.1].
    Raises WrongForm."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise WrongForm("The parameters cannot be read.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WrongForm("A parameter is there twice.")
    if any("\0" in value for value in fields.values()):
        raise WrongForm("The parameters cannot be read.")
    return fields


def words(fields: Mapping[str, str], name: str) -> list[str]:
    """Return the words of a parameter, each once, in order."""
    return list(dict.fromkeys(fields.get(name, "").split()))
