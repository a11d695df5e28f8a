"""What does a program ask of a person's browser? (OpenID Connect Core 1.0, 3.1.2.1; RFC 9700)"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from infra.issuer.forms import WrongForm, read_fields, words
from infra.issuer.model import STRONG_CLASS, Client
from infra.issuer.parts import PATH, Issuer
from infra.issuer.scopes import granted

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
TEXT_CHARACTERS_MAX = 512
SECONDS_DIGITS_MAX = 9


class NotAsked(Exception):
    """Nobody can be sent back with this, for it is not known to whom. One sentence."""


class Denied(Exception):
    """The program is to be sent this error; ``address`` is where to."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class Asked(NamedTuple):
    """A request to sign somebody in. ``max_age`` is how long ago that may have been, in seconds."""

    client: Client
    redirect_uri: str
    challenge: str
    scope: str
    state: str | None
    nonce: str | None
    prompt: str | None
    max_age: int | None
    strong: bool

    @property
    def origin(self) -> str:
        """Where the browser goes in the end."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


async def read_asked(issuer: Issuer, query: str) -> Asked:
    """Read the parameters of an address. Raises NotAsked or Denied."""
    try:
        fields = read_fields(query.encode("ascii", "replace"))
    except WrongForm as error:
        raise NotAsked(str(error)) from error
    client = await issuer.clients.known(fields.get("client_id", ""))
    if client is None:
        raise NotAsked("The program that sent you here is not known.")
    redirect_uri = fields.get("redirect_uri")
    if redirect_uri is None or redirect_uri not in client.redirect_uris:
        raise NotAsked(f"{client.name} may not have you sent back to where it says.")
    state = fields.get("state")
    fault = _fault(fields)
    if fault is not None:
        raise Denied(denied(issuer, redirect_uri, state, *fault))
    max_age = fields.get("max_age")
    return Asked(
        client=client,
        redirect_uri=redirect_uri,
        challenge=fields["code_challenge"],
        scope=granted(words(fields, "scope"), client.scopes),
        state=state,
        nonce=fields.get("nonce"),
        prompt=fields.get("prompt"),
        max_age=None if max_age is None else int(max_age),
        strong=STRONG_CLASS in words(fields, "acr_values"),
    )


def _fault(fields: dict[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a request of a program that is known, as code and sentence."""
    if "request" in fields:
        return "request_not_supported", "Send plain parameters."
    if "request_uri" in fields:
        return "request_uri_not_supported", "Send plain parameters."
    if fields.get("response_type") != "code":
        return "unsupported_response_type", "Only codes are given out."
    if fields.get("response_mode", "query") != "query":
        return "invalid_request", "Codes are given out in the query only."
    if fields.get("code_challenge_method") != "S256":
        return "invalid_request", "A code challenge of the method S256 is needed."
    if not CHALLENGE.fullmatch(fields.get("code_challenge", "")):
        return "invalid_request", "The code challenge cannot be read."
    if fields.get("prompt", "login") not in ("login", "none"):
        return "invalid_request", "This prompt is not known."
    max_age = fields.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit() and len(max_age) <= SECONDS_DIGITS_MAX):
        return "invalid_request", "max_age is a number of seconds."
    if any(len(fields.get(name, "")) > TEXT_CHARACTERS_MAX for name in ("state", "nonce")):
        return "invalid_request", "state and nonce are shorter."
    return None


def denied(issuer: Issuer, redirect_uri: str, state: str | None, error: str, detail: str) -> str:
    """Return the address that tells a program that it gets no code."""
    return back(issuer, redirect_uri, state, error=error, error_description=detail)


def back(issuer: Issuer, redirect_uri: str, state: str | None, **told: str) -> str:
    """Return a program's own address with this answer, and with who gives it [RFC 9207]."""
    if state is not None:
        told["state"] = state
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}{urlencode(told | {'iss': issuer.url})}"


def step(name: str, query: str, **without: str) -> str:
    """Return the address of a page of ours that goes on with what was asked; parameters of
    ``without`` are left out where they have this value."""
    if without:
        fields = read_fields(query.encode("ascii", "replace"))
        query = urlencode({k: v for k, v in fields.items() if without.get(k) != v})
    return f"{PATH}/{name}?{query}"
