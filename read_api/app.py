"""The read API: all its routes, as a function of what they run on."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from domain.access.queries import QUERIES
from read_api.dependencies import ReadDependencies
from read_api.gate import Gate
from read_api.routes.access import AccessRoutes
from read_api.routes.catalogue import CatalogueRoutes
from read_api.routes.erasures import ErasureRoutes
from read_api.routes.events import EventRoutes
from read_api.routes.evidence import EvidenceRoutes
from read_api.routes.exports import ExportRoutes
from read_api.routes.grades import GradeRoutes
from read_api.routes.health import HealthRoutes
from read_api.routes.jobs import JobRoutes
from read_api.routes.learners import LearnerRoutes
from read_api.routes.people import PeopleRoutes
from read_api.routes.records import RecordRoutes
from read_api.routes.retention import RetentionRoutes
from read_api.routes.schemas import SchemaRoutes
from read_api.routes.tenants import TenantRoutes

PARTS = (
    CatalogueRoutes,
    LearnerRoutes,
    PeopleRoutes,
    ExportRoutes,
    RetentionRoutes,
    GradeRoutes,
    RecordRoutes,
    EvidenceRoutes,
    EventRoutes,
    AccessRoutes,
    TenantRoutes,
    SchemaRoutes,
    ErasureRoutes,
    JobRoutes,
    HealthRoutes,
)


def router(deps: ReadDependencies) -> APIRouter:
    """Return the routes, to be put into an application that tells problems (RFC 9457)."""
    routes = APIRouter(route_class=Gate(deps.principal, QUERIES, deps.reads).route_class())
    for part in PARTS:
        part(deps).add_to(routes)
    return routes


def create_app(deps: ReadDependencies) -> FastAPI:
    """Return an application of the read API alone."""
    app = FastAPI(title="registrar: read API", version="1", redirect_slashes=False)
    app.include_router(router(deps))
    return app
