"""What does it cost a request to be known, and to be allowed?

An application that answers at once, alone and behind access control, in turns and in one process:
the token is found, its principal with the roles that were granted, and a permission on a record is
asked for. Tokens of many people are sent, each known already; beside that, what the first request
with a token costs, whose signature is checked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from statistics import median, quantiles

from joserfc import jwk, jwt
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.report import Report
from bench.rig import run
from domain.access import Principal, Role
from domain.access.deciding import require
from domain.access.permissions import Permission
from infra.identity.actors import MemoryActors
from infra.identity.grants import Granted, KeptGrants
from infra.identity.keys import IssuerKeys
from infra.identity.principals import Principals, Trusted
from infra.identity.tokens import Verifier
from infra.web.authentication import ByToken, identified, principal_of

ISSUER, AUDIENCE = "https://id.example.org/realms/college", "registrar"
PEOPLE, PEOPLE_QUICK = 1_000, 200
ROUNDS, ROUNDS_QUICK = 15, 7
REQUESTS_A_ROUND = 4_000
ADDED_US_MAX = 60.0
GRANTED = Granted(frozenset(), {Role.INSTRUCTOR: frozenset({"AAA-2013J", "BBB-2013J"})})


class Published:
    """Implements ``infra.identity.keys.KeySource`` with keys that are here."""

    def __init__(self, *keys: jwk.Key) -> None:
        self._keys = keys

    async def fetch(self) -> bytes:
        """Return the public parts."""
        return json.dumps({"keys": [key.as_dict(private=False) for key in self._keys]}).encode()


class Given:
    """Implements ``infra.identity.grants.Grants``: everybody teaches two runs."""

    async def of(self, tenant: str, actor: str) -> Granted:  # noqa: ARG002 - the port's signature
        """Return them."""
        return GRANTED


def measure(*, quick: bool) -> Report:
    """Ask in rounds, and tell the processor's time a request."""
    people, rounds = (PEOPLE_QUICK, ROUNDS_QUICK) if quick else (PEOPLE, ROUNDS)
    return run(_measure(people, rounds))


async def _measure(people: int, rounds: int) -> Report:
    keys: dict[str, jwk.Key] = {
        "ES256": jwk.ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True),
        "RS256": jwk.RSAKey.generate_key(2_048, {"use": "sig"}, auto_kid=True),
    }
    verifier = Verifier(ISSUER, AUDIENCE, IssuerKeys(Published(*keys.values())), 30.0)
    trusted = Trusted(roles="roles")
    principals = Principals(verifier, MemoryActors(), KeptGrants(Given()), trusted, 30.0)
    behind = identified(_allowed, ByToken(principals))
    tokens = {name: [_token(key, name, n) for n in range(people)] for name, key in keys.items()}
    first = {name: await _timed(behind, sent, people) for name, sent in tokens.items()}
    alone_us, behind_us = [], []
    for _ in range(rounds):
        alone_us.append(await _timed(_answer, tokens["ES256"], REQUESTS_A_ROUND))
        behind_us.append(await _timed(behind, tokens["ES256"], REQUESTS_A_ROUND))
    added = [one - other for one, other in zip(behind_us, alone_us, strict=True)]
    figures = {
        "added_us": median(added),
        "added_us_p90": quantiles(added, n=10, method="inclusive")[-1],
        "alone_us": median(alone_us),
        **{f"first_us_{name}": took for name, took in first.items()},
    }
    ratios = {"first_to_known": first["ES256"] / median(behind_us)}
    return Report("auth", ratios, {}, figures, {"added_us": ADDED_US_MAX})


def _token(key: jwk.Key, algorithm: str, number: int) -> bytes:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": f"f:3a401679-b880-4920-a91c-3abe91e93f21:{number}",
        "aud": [AUDIENCE, "account"],
        "exp": now + 3_600,
        "iat": now,
        "azp": "console",
        "scope": "openid profile registrar",
        "roles": ["instructor", "offline_access", "uma_authorization"],
        "acr": "urn:registrar:password",
        "sid": f"77800fd4-ee4a-43ff-8721-{number:012}",
    }
    header = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[algorithm]).encode()


async def _answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer at once."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _allowed(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer who may read this record, as every route does."""
    asking: Principal = principal_of(HTTPConnection(scope))
    require(asking, Permission.READ_RECORD, "BBB-2013J", "s1")
    await _answer(scope, receive, send)


async def _timed(app: ASGIApp, tokens: Sequence[bytes], requests: int) -> float:
    """Return the microseconds of the processor a request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, message

    began = time.process_time()
    for number in range(requests):
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/enrolments/BBB-2013J/s1",
            "query_string": b"min_position=812",
            "headers": [
                (b"host", b"record.example.org"),
                (b"accept", b"application/json"),
                (b"accept-encoding", b"gzip, deflate"),
                (b"user-agent", b"python-httpx/0.28"),
                (b"authorization", b"Bearer " + tokens[number % len(tokens)]),
            ],
        }
        await app(scope, receive, send)
    return (time.process_time() - began) / requests * 1_000_000
