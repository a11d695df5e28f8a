"""Which addresses has the development issuer?"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer import authorize, enrol, metadata, sign_out, token_endpoint
from infra.issuer.pages import Pages
from infra.issuer.parts import PATH, Issuer
from infra.issuer.sign_in import SignIn


def issuer_app(issuer: Issuer) -> Starlette:
    """Return the application that answers everything under ``PATH``."""
    pages = Pages(issuer)

    async def unknown(request: Request) -> Response:
        return pages.show(request, "error.html", 404, detail="There is nothing at this address.")

    return Starlette(
        routes=[
            *metadata.routes(issuer),
            *token_endpoint.routes(issuer),
            *authorize.routes(issuer, pages),
            *SignIn(issuer, pages).routes(),
            *enrol.routes(issuer, pages),
            *sign_out.routes(issuer, pages),
            Route(f"{PATH}{{rest:path}}", unknown, methods=["GET"]),
        ]
    )
