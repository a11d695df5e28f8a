"""The routes of tenants."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from read_api.dependencies import ReadDependencies
from read_api.parameters import Id, Listed
from read_api.queries import tenants
from read_api.responses import described, respond


class TenantRoutes:
    """Answers for ``/v1/tenants`` and ``/v1/tenants/{tenant}/erasure``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        router.add_api_route(
            "/v1/tenants",
            self.tenants,
            **described(tenants.Tenants, "Tenants of the installation", "access"),
        )

        router.add_api_route(
            "/v1/tenants/{tenant}/erasure",
            self.erasure,
            **described(tenants.TenantErasure, "How far a tenant's erasure is", "privacy"),
        )

    async def tenants(self, request: Request, given: Annotated[Listed, Query()]) -> Response:
        """By name: how each is, and how many facts and learners it has."""
        found = await tenants.tenants(
            self._deps, limit=given.limit, after=given.next, min_position=given.min_position
        )
        return respond(request, found)

    async def erasure(self, request: Request, tenant: Id) -> Response:
        """Each step that is done, and the legal holds that stopped it."""
        return respond(request, await tenants.erasure(self._deps, tenant))
