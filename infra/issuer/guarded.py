"""What does a page say where it cannot do what was asked?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from infra.issuer.asked import Denied, NotAsked
from infra.issuer.forms import WrongForm
from infra.issuer.pages import Forged, Pages

Handler = Callable[[Request], Awaitable[Response]]


def guarded(pages: Pages, handle: Handler) -> Handler:
    """Return what answers a request, or says on a page why not."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except (NotAsked, WrongForm) as wrong:
            return pages.show(request, "error.html", 400, detail=str(wrong))
        except Forged as forged:
            return pages.show(request, "error.html", 403, detail=str(forged))
        except Denied as denied:
            return pages.go(denied.address)

    return answer


def too_many(wait: int) -> str:
    """Say when somebody may try again."""
    return f"Too many attempts. Try again in {wait} seconds."
