"""A real issuer over HTTP, for tests: it publishes keys, and signs whatever it is told to."""

from __future__ import annotations

import base64
import json
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwk, jwt
from joserfc.errors import SecurityWarning

AUDIENCE = "registrar"
PERSON = "f7a1c0de-person"
SERVICE = ("reports", "a secret")
"""A program that acts for itself, and what it proves itself by."""
_SIZES: Mapping[str, tuple[str, Any]] = {
    "RS256": ("RSA", 2_048),
    "PS256": ("RSA", 2_048),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}


def new_key(algorithm: str = "ES256", kid: str | None = None, size: Any = None) -> jwk.Key:
    """Return a fresh signing key."""
    kind, usual = _SIZES[algorithm]
    parameters: Any = {"use": "sig"} | ({} if kid is None else {"kid": kid})
    return jwk.generate_key(kind, size or usual, parameters, auto_kid=kid is None)  # type: ignore[call-overload, no-any-return]


class Issuer:
    """Publishes ``keys``, the first of which signs, at ``url``. ``asked`` counts how often its keys
    were fetched; while ``away``, it answers 503."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[jwk.Key] = [new_key()]
        self.away = False
        self.asked = 0
        self.configuration: dict[str, Any] = {
            "issuer": url,
            "jwks_uri": f"{url}/keys",
            "token_endpoint": f"{url}/token",
        }

    def rotate(self, algorithm: str = "ES256") -> None:
        """Sign with a new key, and publish no other."""
        self.keys = [new_key(algorithm)]

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return those of a good access token of a person; None: without that one."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": PERSON,
            "aud": AUDIENCE,
            "exp": now + 300,
            "iat": now,
            "client_id": "console",
            "scope": "openid registrar",
            "learner": "ann",
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        algorithm: str = "ES256",
        key: jwk.Key | None = None,
        header: Mapping[str, Any] = {},
        **changed: Any,
    ) -> str:
        """Sign a token that says this."""
        signing = key or self.keys[0]
        head = {"alg": algorithm, "typ": "at+jwt", "kid": signing.kid, **header}
        told = {name: value for name, value in head.items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA is an old name
            return jwt.encode(
                told, self.claims(**changed), signing, algorithms=[algorithm], default_type=None
            )

    def answer(self, path: str) -> bytes | None:
        """Return what is published under a path."""
        if path == "/.well-known/openid-configuration":
            return json.dumps(self.configuration).encode()
        if path == "/keys":
            self.asked += 1
            published = [key.as_dict(private=False) for key in self.keys]
            return json.dumps({"keys": published}).encode()
        return None

    def give(self, proof: str | None, form: str) -> tuple[int, bytes]:
        """Answer a program that asks for a token for itself; the secret is that of ``SERVICE``."""
        asked = dict(parse_qsl(form))
        if proof != f"Basic {base64.b64encode(':'.join(SERVICE).encode()).decode()}":
            return 401, b'{"error":"invalid_client","error_description":"It is not known."}'
        name, scope = SERVICE[0], asked.get("scope", "read")
        token = self.token(sub=name, client_id=name, scope=scope)
        return 200, json.dumps({"access_token": token, "expires_in": 300}).encode()


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an issuer for a while."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = None if issuer.away else issuer.answer(self.path)
            self.send_response(503 if issuer.away else 404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["content-length"])).decode()
            status, body = issuer.give(self.headers.get("authorization"), form)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
