"""The routes by which anybody checks what the log was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.access.permissions import Permission
from domain.evidence.exports import Entry
from domain.evidence.tiles import LEVEL_MAX, WIDTH, WrongPath, parse_path
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.parameters import POSITION_MAX, FreshQuery, Id, None_, Parameters, Position
from read_api.queries import bundle, evidence
from read_api.responses import described, respond

At = Annotated[int, Path(ge=1, le=POSITION_MAX)]
PROOFS_MAX = 200
BUNDLES_AT_ONCE = 2
"""One of the most facts takes 200 MB while it is made; who comes later waits."""
FOR_EVER = "public, max-age=31536000, immutable"
ZIP = "application/zip"
TEXT = "text/plain; charset=utf-8"


class OfSize(Parameters):
    """Which tree."""

    size: Position | None = Field(
        default=None, description="The size of the tree; by default that of the last checkpoint."
    )


class OfMany(Parameters):
    """Which facts."""

    at: list[Annotated[int, Field(ge=1, le=POSITION_MAX)]] = Field(
        min_length=1, max_length=PROOFS_MAX, description="A position; given once for each fact."
    )


class Between(Parameters):
    """Which two trees."""

    from_: Position = Field(alias="from", description="The size of the smaller tree.")
    to: Position | None = Field(
        default=None, description="The size of the larger; by default the last checkpoint's."
    )


class EvidenceRoutes:
    """Answers for ``/v1/log/…``: addresses and forms of tiles are those of C2SP tlog-tiles."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps
        self._bundling = asyncio.Semaphore(BUNDLES_AT_ONCE)

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add("/v1/log/checkpoint", self.checkpoint, **_plain("The last checkpoint, signed", TEXT))
        add("/v1/log/keys", self.keys, **_plain("The log's verifier keys, one a line", TEXT))
        add(
            "/v1/log/tile/{level}/{named:path}",
            self.tile,
            **_plain("Hashes of the tree, 32 bytes each", "application/octet-stream"),
        )
        add(
            "/v1/log/proof/{position}",
            self.proof,
            **described(evidence.Inclusion, "Proof that a fact is in the log", "evidence"),
        )
        add(
            "/v1/log/proofs",
            self.proofs,
            **described(evidence.Inclusions, "Proofs that facts are in the log", "evidence"),
        )
        add(
            "/v1/learners/{subject}/evidence",
            self.bundle,
            **_plain("All that is sealed of a learner, to be verified anywhere", ZIP),
        )
        add(
            "/v1/log/consistency",
            self.consistency,
            **described(evidence.Consistency, "Proof that the log only grew", "evidence"),
        )

    async def checkpoint(self, request: Request, _: Annotated[None_, Query()]) -> Response:
        """A signed note (C2SP tlog-checkpoint): origin, size, root, epoch."""
        note = await evidence.checkpoint(self._deps, self._deps.principal(request))
        return Response(note, headers={"cache-control": "no-cache"}, media_type=TEXT)

    async def keys(self, request: Request, _: Annotated[None_, Query()]) -> Response:
        """Compare them with what the institution publishes elsewhere: a log vouches for itself."""
        keys = await evidence.keys(self._deps, self._deps.principal(request))
        return Response(keys, headers={"cache-control": "no-cache"}, media_type=TEXT)

    async def tile(
        self,
        request: Request,
        level: Annotated[int, Path(ge=0, le=LEVEL_MAX)],
        named: str,
        _: Annotated[None_, Query()],
    ) -> Response:
        """256 hashes, or the first of them: ``tile/0/x001/067`` or ``tile/0/x001/067.p/12``."""
        try:
            of, width = parse_path(level, named)
        except WrongPath as error:
            raise NotFound("tile", f"tile/{level}/{named}") from error
        found = await evidence.tile(self._deps, self._deps.principal(request), of, width)
        kept = FOR_EVER if width == WIDTH else "no-cache"
        headers = {"cache-control": kept}
        return Response(found, headers=headers, media_type="application/octet-stream")

    async def proof(
        self, request: Request, position: At, given: Annotated[OfSize, Query()]
    ) -> Response:
        """The fact as it is stored, and the hashes from its leaf to the root."""
        deps = self._deps
        found = await evidence.inclusion(deps, deps.principal(request), position, given.size)
        await self._note(request, [found.fact])
        return respond(request, found)

    async def proofs(self, request: Request, given: Annotated[OfMany, Query()]) -> Response:
        """Against the last checkpoint, which is in the answer; what is not sealed is left out."""
        deps = self._deps
        found = await evidence.inclusions(deps, deps.principal(request), given.at)
        await self._note(request, found.facts)
        return respond(request, found)

    async def bundle(self, request: Request, subject: Id, given: FreshQuery) -> Response:
        """A zip file with facts, proofs, checkpoint, keys, a page to read, and how to verify it;
        `registrar verify` checks it without server or database. `min_position` waits until that
        position is sealed."""
        deps, asking = self._deps, self._deps.principal(request)
        async with self._bundling:
            made = await bundle.bundle(deps, asking, subject, min_position=given.min_position)
        name = f'attachment; filename="{subject}-{made.size}.zip"'
        headers = {"content-disposition": name, "cache-control": "no-store"}
        return Response(made.archive, headers=headers, media_type=ZIP)

    async def consistency(self, request: Request, given: Annotated[Between, Query()]) -> Response:
        """The hashes by which two roots are compared (RFC 9162, section 2.1.4)."""
        deps = self._deps
        found = await evidence.consistency(deps, deps.principal(request), given.from_, given.to)
        return respond(request, found)

    async def _note(self, request: Request, shown: Sequence[Entry]) -> None:
        for run, subject in evidence.whose(shown):
            await self._deps.note(request, Permission.READ_RECORD, run, subject)


def _plain(summary: str, media_type: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "tags": ["evidence"],
        "response_model": None,
        "response_class": Response,
        "responses": {200: {"content": {media_type: {}}}},
    }
