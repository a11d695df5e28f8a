"""How does a page become a response: template, headers, data beside it, and errors in words?"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import jinja2
import msgspec
from fastapi import APIRouter, Request, Response

from domain.access import Role
from domain.access.deciding import NotPermitted, NotStrong, may
from domain.access.permissions import Permission
from domain.access.queries import PAGES
from projections.ports import StoreUnavailable
from read_api.console import formats, symbols
from read_api.console.signed_in import signed_in
from read_api.console.ways import Ways
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound, NotYet, TooManyJobs
from read_api.gate import Gate

_HERE = Path(__file__).parent
STATIC = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "proof.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
STATIC_SECONDS = 31_536_000
"""How long a browser keeps a static file: its address changes with its content."""
RETRY_SECONDS = 2
FIRST = "/console"
NOTHING_YET = "Nothing is recorded of you yet. Once you are enrolled, your record is on this page."

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_log = logging.getLogger(__name__)


class Page(NamedTuple):
    """What a page is drawn from (``data``, also its ``.json``) and how (template, ``draw``)."""

    template: str
    title: str
    data: Any
    draw: Callable[[], Mapping[str, Any]]
    section: str = ""
    status: int = 200


class Moved(Exception):
    """The page has another address, where what was asked for is said in full."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


Load = Callable[[ReadDependencies, Request], Awaitable[Page]]


def _read_static() -> dict[str, bytes]:
    return {name: (_HERE / "static" / name).read_bytes() for name in STATIC}


@cache
def static_stamp() -> str:
    """Return what changes in the address of static files when they do."""
    return hashlib.sha256(b"".join(_read_static().values())).hexdigest()[:12]


@cache
def _environment(stamp: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(stamp=stamp, symbol=symbols.symbol)
    environment.globals.update(query="", json_url=None, section="")
    environment.filters.update(formats.FILTERS)
    return environment


def plain_page(title: str, detail: str, links: Sequence[tuple[str, str]]) -> str:
    """Return a page for whoever has not signed in: a sentence, and where to go from there."""
    template = _environment(static_stamp()).get_template("plain.html")
    return template.render(title=title, detail=detail, links=links)


class Console:
    """The pages of one app: adds each page, and its data as ``.json``, to a router."""

    def __init__(self, deps: ReadDependencies) -> None:
        self.deps = deps
        self.router = APIRouter(include_in_schema=False)
        self._gate = Gate(deps.principal, PAGES, deps.reads)
        self._static = _read_static()
        self._templates = _environment(static_stamp())

    def add(self, path: str, load: Load) -> None:
        """Serve this page under the path, and its data under the path with ``.json``."""

        async def data(request: Request) -> Response:
            return await self._guard(request, path, load, self._data)

        async def html(request: Request) -> Response:
            return await self._guard(request, path, load, self._html)

        name = "/console/overview" if path == "/console" else path
        self.router.add_api_route(f"{name}.json", data, methods=["GET", "HEAD"])
        self.router.add_api_route(path, html, methods=["GET", "HEAD"])

    def take(self, path: str, act: Load) -> None:
        """Take a form of the page under the path: ``act`` does what it asks for and raises Moved,
        or returns the page that says what is wrong."""

        async def form(request: Request) -> Response:
            return await self._guard(request, path, act, self._html)

        self.router.add_api_route(path, form, methods=["POST"])

    def static(self, name: str) -> Response:
        """Return a file that pages link to, for the browser to keep."""
        if name not in self._static:
            return Response(status_code=404)
        keep = {"Cache-Control": f"public, max-age={STATIC_SECONDS}, immutable"}
        return Response(self._static[name], 200, HEADERS | keep, STATIC[name])

    def error(self, request: Request, status: int, title: str, detail: str) -> Response:
        """Return an error page that names the problem, what to do next and the request's id."""
        asked = getattr(request.state, "request_id", None) or request.headers.get("x-request-id")
        request_id = str(asked or uuid4())
        if status >= 500:
            _log.warning("%s %s: %s", request.url.path, request_id, detail)
        html = self._templates.get_template("error.html").render(
            title=title,
            status=status,
            detail=detail,
            request_id=request_id,
            who=signed_in(request),
            ways=Ways(self.deps.principal(request)),
            stronger=stronger(request),
        )
        headers = HEADERS | {"X-Request-Id": request_id}
        if status == 503:
            headers["Retry-After"] = str(RETRY_SECONDS)
        return Response(html, status, headers, "text/html; charset=utf-8")

    async def _guard(
        self,
        request: Request,
        path: str,
        load: Load,
        show: Callable[[Request, Page], Response],
    ) -> Response:
        try:
            read = self._gate.enter(path, request.scope, request.path_params)
            noted = None if read is None else self._gate.reads.note(read)
            page = await load(self.deps, request)
            if noted is not None:
                await noted
            return show(request, page)
        except Moved as moved:
            return Response(None, 303, HEADERS | {"Location": moved.address})
        except NotPermitted as barred:
            if path == FIRST:
                return Response(None, 303, HEADERS | {"Location": self._first(request)})
            return self.error(request, 403, "You may not see this", str(barred))
        except NotStrong as weak:
            return self.error(request, 401, "This takes a second factor", str(weak))
        except NotFound as absent:
            if request.path_params.get("subject") == self.deps.principal(request).actor:
                return self.error(request, 404, "Nothing of you yet", NOTHING_YET)
            return self.error(request, 404, f"No such {absent.kind}", str(absent))
        except BadParameter as wrong:
            return self.error(request, 422, "This address cannot be read", str(wrong))
        except TooManyJobs as many:
            return self.error(request, 429, "Too much at once", str(many))
        except NotYet as early:
            return self.error(request, 503, "Not read in yet", str(early))
        except StoreUnavailable:
            detail = "The database does not answer. Nothing recorded is lost; this page can wait."
            return self.error(request, 503, "The record cannot be reached", detail)
        except Exception:
            _log.exception("console page %s", request.url.path)
            return self.error(request, 500, "This page failed", "The server's log has the reason.")

    def _first(self, request: Request) -> str:
        """Return the page to begin with for who may not see how everything is doing."""
        asking = self.deps.principal(request)
        if may(asking, Permission.READ_GRANTS):
            return "/console/access"
        if asking.runs or asking.roles - {Role.LEARNER}:
            return "/console/runs"
        return f"/console/learners/{asking.actor}"

    def _data(self, _request: Request, page: Page) -> Response:
        body = msgspec.json.format(msgspec.json.encode(page.data, enc_hook=str), indent=2)
        return Response(body, page.status, HEADERS, "application/json")

    def _html(self, request: Request, page: Page) -> Response:
        path = "/console/overview" if request.url.path == "/console" else request.url.path
        query = _query(request)
        context = {
            "title": page.title,
            "section": page.section,
            "json_url": f"{path}.json{query}",
            "who": signed_in(request),
            "ways": Ways(self.deps.principal(request)),
            "stronger": stronger(request),
            **page.draw(),
        }
        html = self._templates.get_template(page.template).render(context)
        return Response(html, page.status, HEADERS, "text/html; charset=utf-8")


def _query(request: Request) -> str:
    return f"?{request.url.query}" if request.url.query else ""


def stronger(request: Request) -> str:
    """Return where to sign in with a second factor, to come back to this page."""
    asked = f"{request.url.path}{_query(request)}"
    return address("/console/sign-in", strong="true", next=asked)


def address(path: str, **parameters: Any) -> str:
    """Return a link with the parameters that are set."""
    kept = {name: value for name, value in parameters.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(kept)}" if kept else path
