"""The routes of the events' schemas: what does a ``dataschema`` stand for?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from projections.cloudevents import type_name
from projections.schemas import all_schemas
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.parameters import Id, None_
from read_api.responses import described, respond

ADDRESS = "/v1/events/schemas"
SCHEMA = "application/schema+json"

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of events: the ``type`` and ``dataschema`` that they have, and where that schema
    is."""

    type: str
    dataschema: str
    description: str
    href: str


class EventTypes(msgspec.Struct, frozen=True):
    """Every type of events that is told, or was told by an earlier version."""

    types: list[EventType]


class JsonSchema(
    msgspec.Struct, frozen=True, kw_only=True, rename={"dialect": "$schema", "identifier": "$id"}
):
    """A JSON Schema (2020-12) of the data of events of one type."""

    dialect: str
    identifier: str
    title: str
    description: str
    type: str
    properties: dict[str, Any]
    required: list[str]


class SchemaRoutes:
    """Answers for ``/v1/events/schemas``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._schemas = all_schemas(deps.registry)

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(ADDRESS, self.types, **described(EventTypes, "The types of events", "events"))
        add(
            f"{ADDRESS}/{{event}}/{{version}}",
            self.schema,
            **described(JsonSchema, "The schema of an event's data", "events", media_type=SCHEMA),
        )

    async def types(self, request: Request, _: Annotated[None_, Query()]) -> Response:
        """All of them, whatever the log holds. `Unreadable` is not among them: it has no data."""
        return respond(request, EventTypes([_described(one) for one in self._schemas.items()]))

    async def schema(
        self, request: Request, event: Id, version: Version, _: Annotated[None_, Query()]
    ) -> Response:
        """What the `dataschema` `urn:registrar:event:{event}:{version}` stands for."""
        found = self._schemas.get(type_name(event, version))
        if found is None:
            raise NotFound("event", f"{event} of version {version}")
        return respond(request, found, media_type=SCHEMA)


def _described(entry: tuple[str, Mapping[str, Any]]) -> EventType:
    kind, schema = entry
    return EventType(
        type=kind,
        dataschema=schema["$id"],
        description=schema["description"],
        href=f"{ADDRESS}/{'/'.join(schema['$id'].rsplit(':', 2)[1:])}",
    )
