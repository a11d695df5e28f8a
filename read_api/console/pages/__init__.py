"""Which pages are there, and under which addresses?"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from read_api.console.pages import (
    access,
    apply_policy,
    certificate,
    change_grades,
    content,
    exports,
    fact,
    grade,
    gradebook,
    learner,
    me,
    overview,
    reads,
    regrades,
    run,
    runs,
    search,
    what_if,
    why,
)
from read_api.console.render import Console
from read_api.dependencies import ReadDependencies


def router(deps: ReadDependencies) -> APIRouter:
    """Return the routes of the console, ``/`` among them, which leads to it."""
    console = Console(deps)
    console.add("/console", overview.load)
    console.add("/console/runs", runs.load)
    console.add("/console/runs/{run}", run.load)
    console.add("/console/runs/{run}/gradebook", gradebook.load)
    console.add("/console/runs/{run}/content/{number}", content.load)
    console.add("/console/runs/{run}/what-if", what_if.load)
    console.take("/console/runs/{run}/gradebook", change_grades.act)
    console.take("/console/runs/{run}/what-if", what_if.ask)
    console.add("/console/runs/{run}/what-if/{job}", what_if.load_job)
    console.take("/console/runs/{run}/what-if/{job}", apply_policy.act)
    console.add("/console/runs/{run}/regrades", regrades.load)
    console.add("/console/runs/{run}/regrades/{batch}", regrades.load_batch)
    console.add("/console/learners/{subject}", learner.load)
    console.add("/console/learners/{subject}/exports", exports.load)
    console.take("/console/learners/{subject}/exports", exports.ask)
    console.add("/console/learners/{subject}/exports/{export}", exports.load)
    console.take("/console/learners/{subject}/exports/{export}", exports.fetch)
    console.add("/console/learners/{subject}/why", why.load)
    console.add("/console/learners/{subject}/grade", grade.load)
    console.add("/console/learners/{subject}/reads", reads.load)
    console.add("/console/facts/{position}", fact.load)
    console.add("/console/access", access.load)
    console.take("/console/access", access.act)
    console.add("/console/access/{actor}", access.load)
    console.take("/console/access/{actor}", access.act)
    console.add("/console/access-log", reads.load)
    console.add("/console/search", search.load)
    console.add("/console/me", me.load)
    console.add("/console/certificates/{certificate}", certificate.load)

    async def root() -> Response:
        return RedirectResponse("/console", 307)

    async def static(name: str) -> Response:
        return console.static(name)

    async def unknown(request: Request) -> Response:
        if request.url.path.endswith("/"):
            return RedirectResponse(request.url.path.rstrip("/"), 308)
        detail = f"There is nothing at {request.url.path}."
        return console.error(request, 404, "No such page", detail)

    routes = console.router
    routes.add_api_route("/", root, methods=["GET", "HEAD"])
    routes.add_api_route("/console/static/{name}", static, methods=["GET"])
    routes.add_api_route("/console/{rest:path}", unknown, methods=["GET"])
    return routes
