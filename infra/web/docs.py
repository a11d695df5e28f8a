"""How is the OpenAPI document read in a browser, without a script in the page?"""

from __future__ import annotations

import html

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.responses import Response

STATIC = "/static-offline-docs"
STYLES = f"{STATIC}/swagger-ui.css"
BUNDLE = f"{STATIC}/swagger-ui-bundle.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
START = """\
window.onload = () => SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


def documented(title: str, description: str) -> FastAPI:
    """Return an application with its documentation at ``/docs``, nothing of it from elsewhere."""
    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        title=title,
        version="1",
        description=description,
        redirect_slashes=False,
    )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f'</title><link rel="icon" href="{STATIC}/favicon.png">'
        f'<link rel="stylesheet" href="{STYLES}"><script src="{BUNDLE}"></script>'
        '<script src="/docs/start.js"></script></head><body><div id="swagger-ui"></div></body>'
        "</html>"
    )

    async def docs() -> Response:
        return Response(page, 200, {"content-security-policy": POLICY}, "text/html; charset=utf-8")

    async def start() -> Response:
        return Response(START, media_type="text/javascript; charset=utf-8")

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/docs/start.js", start, include_in_schema=False)
    return app
