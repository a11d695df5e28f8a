"""The routes of learners as people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from read_api.dependencies import ReadDependencies
from read_api.parameters import AsOfQuery, FreshQuery, Id, Listed, Words
from read_api.queries import consents, people, profiles
from read_api.responses import described, respond


class PeopleList(Listed):
    """Which learners."""

    q: Words | None = Field(
        default=None,
        description="Words that are all in the name, e-mail address, student number or pseudonym.",
    )


class PeopleRoutes:
    """Answers for ``/v1/learners``, profiles, consents and purposes."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(
            "/v1/learners",
            self.people,
            **described(people.People, "Registered learners", "learners"),
        )
        add(
            "/v1/learners/{subject}/profile",
            self.profile,
            **described(profiles.Profile, "A learner as a person", "learners"),
        )
        add(
            "/v1/learners/{subject}/consents",
            self.consents,
            **described(consents.Consents, "What a learner agreed to", "learners"),
        )
        add(
            "/v1/purposes",
            self.purposes,
            **described(consents.Purposes, "What learners' data is used for", "learners"),
        )

    async def people(self, request: Request, given: Annotated[PeopleList, Query()]) -> Response:
        """By pseudonym; a search opens what is sealed, some thousand learners at a time."""
        found = await people.people(
            *self._asked(request),
            words=given.q,
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def profile(self, request: Request, subject: Id, given: AsOfQuery) -> Response:
        """Name, addresses, preferences and goals, and the other records of the same person."""
        found = await profiles.profile(
            *self._asked(request), subject, moment=given.moment, min_position=given.min_position
        )
        return respond(request, found)

    async def consents(self, request: Request, subject: Id, given: AsOfQuery) -> Response:
        """By purpose, and whether it stands."""
        found = await consents.consents(
            *self._asked(request), subject, moment=given.moment, min_position=given.min_position
        )
        return respond(request, found)

    async def purposes(self, request: Request, given: FreshQuery) -> Response:
        """Each with its legal basis and what learners are told."""
        found = await consents.purposes(*self._asked(request), min_position=given.min_position)
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Any]:
        return self._deps, self._deps.principal(request)
