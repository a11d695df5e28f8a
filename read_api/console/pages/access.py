"""Who has which role, as of a day? And the forms that give roles and take them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from fastapi import Request

from domain.access import Principal
from domain.access.deciding import may, require
from domain.access.permissions import Permission
from domain.access.rules import grantable
from read_api.console.forms import read_form
from read_api.console.moments import Instant, parse, read_instant
from read_api.console.pages.gradebook import number
from read_api.console.render import Moved, Page, address
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.ports.sending import ToSend
from read_api.queries import grants
from read_api.queries.grants import Grant

HERE = "/console/access"
GRANTS_MAX = 100
"""Grants on one page; filters find the others."""
KEY_CHARACTERS_MAX = 64
DONE = {"grant-role": "given", "revoke-role": "taken back"}


class Told(msgspec.Struct, frozen=True):
    """What the page is drawn from: the grants of all, or of one and what they permit; and what was
    wrong with a form."""

    found: grants.Grants | grants.Holder
    error: str | None = None


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/access?role=&run=&ended=&known_by=``, of all or of one ``{actor}``."""
    return await _page(deps, request, None)


async def act(deps: ReadDependencies, request: Request) -> Page:
    """Give a role, or take one back, as who is signed in. Raises Moved, NotPermitted, NotStrong."""
    asking = deps.principal(request)
    form = await read_form(request, "holder")
    name, run = form.get("act", ""), form.get("run", "").strip() or None
    require(asking, Permission.GRANT_ROLES, run)
    if deps.sender is None:
        return await _page(deps, request, "This process takes no commands: use registrar access.")
    if name not in DONE:
        raise BadParameter("act", f"must be one of {', '.join(DONE)}")
    holder = request.path_params.get("actor") or form.get("holder", "").strip()
    body: dict[str, Any] = {"holder": holder, "role": form.get("role", "")}
    if run is not None:
        body["run"] = run
    if name == "grant-role" and form.get("until"):
        body["until"] = parse("until", form["until"])
    key = f"console/{form.get('key', '')[:KEY_CHARACTERS_MAX]}"
    (sent,) = await deps.sender.send(asking, [ToSend(name, body, key)])
    if sent.fault is not None:
        return await _page(deps, request, sent.fault)
    raise Moved(address(f"{HERE}/{holder}", since=sent.position, done=DONE[name]))


async def _page(deps: ReadDependencies, request: Request, error: str | None) -> Page:
    asking, query = deps.principal(request), request.query_params
    instant = read_instant(query) or Instant("known", None)
    actor = request.path_params.get("actor")
    if actor is not None:
        since = number(request, "since")
        found: grants.Grants | grants.Holder = await grants.of_holder(
            deps, asking, actor, moment=instant.moment, min_position=since
        )
    else:
        found = await grants.grants(
            deps,
            asking,
            role=query.get("role") or None,
            run=query.get("run") or None,
            ended=bool(query.get("ended")),
            moment=instant.moment,
            limit=GRANTS_MAX,
            after=query.get("after") or None,
        )
    told = Told(found, error)
    title = "Roles" if actor is None else f"Roles of {actor}"

    def draw() -> Mapping[str, Any]:
        return _draw(told, instant, query, actor) | _giving(deps, asking, actor, instant)

    return Page("access.html", title, told, draw, "Roles", 200 if error is None else 409)


def _giving(
    deps: ReadDependencies, asking: Principal, actor: str | None, instant: Instant
) -> dict[str, Any]:
    """Say which roles may be given here, and taken: none of one's own, and none in the past."""
    gives = deps.sender is not None and may(asking, Permission.GRANT_ROLES)
    if not gives or actor == asking.actor or instant.at is not None:
        return {"giving": [], "takes": lambda _: False}

    def takes(grant: Grant) -> bool:
        may_take = grant.role in grantable(asking, grant.run) and grant.holder != asking.actor
        return may_take and grant.revoked_at is None

    return {"giving": sorted(grantable(asking, None)), "takes": takes}


def _draw(
    told: Told, instant: Instant, query: Mapping[str, str], actor: str | None
) -> dict[str, Any]:
    found = told.found
    asked = {name: query.get(name) for name in ("role", "run", "ended", f"{instant.axis}_by")}
    following = found.next if isinstance(found, grants.Grants) else None
    return {
        "error": told.error,
        "answer": found,
        "as_of": found.as_of,
        "actor": actor,
        "instant": instant,
        "asked": asked,
        "grants": found.grants,
        "permissions": _reaches(found.permissions) if isinstance(found, grants.Holder) else [],
        "more": following and address(HERE, **asked, after=following),
        "done": query.get("done") if query.get("done") in DONE.values() else None,
        "key": lambda: str(uuid4()),
    }


def _reaches(reached: Sequence[grants.Reached]) -> list[tuple[str, str, list[str]]]:
    """Return each permission with how far it reaches in words, and the runs that it reaches."""
    rows = []
    for one in reached:
        where = "everywhere" if one.tenant else "in" if one.runs else "their own record"
        if one.runs and one.own and not one.tenant:
            where = "their own record, and in"
        rows.append((one.permission, where, [] if one.tenant else one.runs))
    return rows
