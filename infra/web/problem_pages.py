"""Where can a client look up what a problem means?"""

from __future__ import annotations

import html
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.web.problem_types import ProblemType, problem_types
from read_api.errors import NotFound


def routes() -> list[Route]:
    """Return the pages: all problems, and each by its name; as HTML for people."""
    return [
        Route("/problems", _list, methods=["GET"]),
        Route("/problems/{name}", _explain, methods=["GET"]),
    ]


async def _list(request: Request) -> Response:
    types = sorted(problem_types().values())
    if _wants_html(request):
        rows = "".join(
            f'<li><a href="/problems/{one.name}">{html.escape(one.title)}</a> ({one.status})</li>'
            for one in types
        )
        return _page("Problems", f"<ul>{rows}</ul>")
    return _json({"problems": [_document(one) for one in types]})


async def _explain(request: Request) -> Response:
    name = request.path_params["name"]
    one = problem_types().get(name)
    if one is None:
        raise NotFound("problem", name)
    if _wants_html(request):
        told = "".join(f"<p>{html.escape(part)}</p>" for part in one.explanation.split("\n\n"))
        return _page(one.title, f"<p>{one.status} · <code>{one.name}</code></p>{told}")
    return _json(_document(one))


def _document(one: ProblemType) -> dict[str, Any]:
    return {
        "type": f"/problems/{one.name}",
        "title": one.title,
        "status": one.status,
        "explanation": one.explanation,
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")


def _page(title: str, body: str) -> Response:
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
    )
    return Response(
        f"{head}<main><h1>{html.escape(title)}</h1>{body}</main></html>", media_type="text/html"
    )


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
