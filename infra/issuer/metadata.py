"""What does the issuer tell programs about itself? (OpenID Connect Discovery 1.0, RFC 8414)"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.keys import ALGORITHM
from infra.issuer.model import STRONG_CLASS, WEAK_CLASS
from infra.issuer.parts import PATH, Issuer
from infra.issuer.scopes import ALL

KEYS_SECONDS = 300
"""How long others may keep the keys; one they do not know they ask for at once."""


def routes(issuer: Issuer) -> list[Route]:
    """Return the addresses of what anybody may know."""

    async def configuration(_: Request) -> Response:
        return _json(document(issuer.url), KEYS_SECONDS)

    async def keys(_: Request) -> Response:
        return _json(issuer.keys.public, KEYS_SECONDS)

    return [
        Route(f"{PATH}/.well-known/openid-configuration", configuration),
        Route(f"{PATH}/keys", keys),
    ]


def document(url: str) -> dict[str, object]:
    """Return the issuer's metadata."""
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "userinfo_endpoint": f"{url}/userinfo",
        "jwks_uri": f"{url}/keys",
        "revocation_endpoint": f"{url}/revoke",
        "end_session_endpoint": f"{url}/end-session",
        "scopes_supported": list(ALL),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [WEAK_CLASS, STRONG_CLASS],
        "prompt_values_supported": ["none", "login"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"),
            *("preferred_username", "tenant", "roles"),
        ],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _json(told: object, seconds: int) -> Response:
    headers = {"Cache-Control": f"public, max-age={seconds}", "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(told), 200, headers, "application/json")
