"""With which token does the command line ask a server?"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
import msgspec

from infra.cli.errors import Failed
from infra.identity.discovery import CONFIGURATION
from infra.loopback import is_loopback, is_safe
from infra.settings.fields import Settings, variable

SETTINGS = "registrar.settings"
"""Under this name a verb's settings stand in click's context."""
SECONDS_MAX = 30.0
RENEW_SECONDS_BEFORE_END = 30.0
TOKEN_BYTES_MAX = 16_384
HERE = "/issuer"
"""Where a server has its development issuer, for a program that was made there."""


class _Given(msgspec.Struct):
    access_token: str
    expires_in: float = 300.0


class _Issuer(msgspec.Struct):
    token_endpoint: str


class Program:
    """A program that gets tokens for itself [RFC 6749, 4.4], another one before the last ends."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, scopes: Sequence[str] = ()
    ) -> None:
        self._issuer = issuer
        self._proof = (client_id, client_secret)
        self._form = {"grant_type": "client_credentials"}
        if scopes:
            self._form["scope"] = " ".join(scopes)
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """Return a token that is good for a while. Raises Failed."""
        if time.monotonic() >= self._renew_at:
            given = self._ask()
            self._token = given.access_token
            self._renew_at = time.monotonic() + given.expires_in - RENEW_SECONDS_BEFORE_END
        return self._token

    def _ask(self) -> _Given:
        try:
            with httpx.Client(timeout=SECONDS_MAX, trust_env=False) as client:
                told = client.get(self._issuer.rstrip("/") + CONFIGURATION).raise_for_status()
                endpoint = msgspec.json.decode(told.content, type=_Issuer).token_endpoint
                if not is_safe(endpoint):
                    raise Failed(f"{self._issuer} takes secrets at an address without TLS")
                answer = client.post(endpoint, data=self._form, auth=self._proof)
                if not answer.is_success:
                    raise Failed(f"{self._issuer} gives no token to {self._proof[0]}{_why(answer)}")
                return msgspec.json.decode(answer.content, type=_Given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Failed(f"{self._issuer} cannot be asked for a token ({why})") from error
        except msgspec.DecodeError as error:
            raise Failed(f"{self._issuer} does not answer like an issuer") from error


class Bearer(httpx.Auth):
    """Shows a server a token with each request."""

    def __init__(self, source: Program | str) -> None:
        self._source = source

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token into the header."""
        token = self._source if isinstance(self._source, str) else self._source.token()
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


def authorization(url: str) -> httpx.Auth | None:
    """Return what to show the server at this address, as the settings of the verb that runs say;
    None: nothing, because access control is off. Raises Failed."""
    settings = click.get_current_context().meta[SETTINGS]
    assert isinstance(settings, Settings)  # noqa: S101 - narrows what the context holds
    token = settings.token
    if token is None and settings.token_file is not None:
        token = _read(Path(settings.token_file).expanduser())
    source: Program | str | None = token or program(settings, url)
    if source is not None and not is_safe(url):
        raise Failed(f"{url} is an address without TLS: no token is sent there")
    return None if source is None else Bearer(source)


def program(settings: Settings, url: str | None, scopes: Sequence[str] = ()) -> Program | None:
    """Return as which program the command line gets tokens for the server at this address: the one
    that is set, or the one that the development issuer has made for this machine. None: neither.
    Raises Failed."""
    issuer = settings.issuer
    if settings.client_id is not None:
        if settings.client_secret is None:
            raise Failed(f"{variable('client_id')} needs {variable('client_secret')} too")
        where = issuer or (None if url is None else url + HERE)
        if where is None:
            raise Failed(f"{variable('client_id')} needs {variable('issuer')} too")
        return Program(where, settings.client_id, settings.client_secret, scopes)
    if settings.access != "development" or url is None or not is_loopback(_host(url)):
        return None
    # What the issuer is made of takes longer to import than most verbs take.
    from infra.issuer.first_start import WrongCredential, read_credential

    try:
        credential = read_credential(settings.folder)
    except WrongCredential as error:
        raise Failed(str(error)) from error
    if credential is None:
        return None
    # Not that of the address: in a cluster the issuer is with the other API.
    return Program(credential.issuer, credential.client_id, credential.client_secret, scopes)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            token = opened.read(TOKEN_BYTES_MAX + 1).strip()
        text = token.decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file}: the token cannot be read ({error})") from error
    if not text or len(token) > TOKEN_BYTES_MAX or any(part.isspace() for part in text):
        raise Failed(f"{file} does not hold one token")
    return text


def _why(answer: httpx.Response) -> str:
    """Return the error that an issuer tells [RFC 6749, 5.2]."""
    try:
        told = answer.json()
        return f": {told.get('error_description') or told['error']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f" (it answered {answer.status_code})"
