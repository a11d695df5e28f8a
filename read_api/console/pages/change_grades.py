"""What would a changed gradebook change? A form that previews it, and then sends the commands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Request

from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api.console.forms import read_form
from read_api.console.pages.gradebook import goes_on
from read_api.console.render import Moved, Page, address
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.ports.sending import Sent, ToSend
from read_api.queries import grade_changes
from read_api.queries.grade_changes import GradeChanges

ROWS_SHOWN_MAX = 500
REASON_CHARACTERS_MAX = 500
_SAID = {
    "override-score": "set",
    "remove-override": "as computed again",
    "excuse-item": "excused",
    "withdraw-excuse": "counts again",
}
"""What each command does to a cell, in words."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the form said: the table as CSV, why, and what of a preview was agreed to."""

    table: str
    reason: str
    agreed: str
    position: int


class Changing(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, what it would change, and what is wrong: with all of it, or by line."""

    run: str
    table: str
    reason: str
    changes: GradeChanges | None = None
    error: str | None = None
    faults: list[str] = []


async def act(deps: ReadDependencies, request: Request) -> Page:
    """Preview what the form holds, which writes nothing; or apply what was previewed."""
    run, asking = request.path_params["run"], deps.principal(request)
    asked, applying = await _read(request)
    told = Changing(run=run, table=asked.table, reason=asked.reason)
    replace = msgspec.structs.replace
    try:
        found = await grade_changes.preview(
            deps, asking, run, asked.table.encode(), min_position=asked.position
        )
    except BadParameter as wrong:
        return _page(deps, request, replace(told, error=str(wrong)), 422)
    told = replace(told, changes=found)
    if not applying:
        return _page(deps, request, told, 200)
    if found.refused or not found.changes:
        return _page(deps, request, replace(told, error="There is nothing to apply."), 422)
    if not 1 <= len(asked.reason) <= REASON_CHARACTERS_MAX:
        error = f"Say why, in {REASON_CHARACTERS_MAX} characters at most."
        return _page(deps, request, replace(told, error=error), 422)
    if asked.agreed != _digest(found):
        error = "The gradebook has changed since you looked: here is what would change now."
        return _page(deps, request, replace(told, error=error), 409)
    if deps.sender is None:
        error = "This process takes no commands: use registrar grades apply."
        return _page(deps, request, replace(told, error=error), 409)
    grading = may(asking, Permission.GRADE, run)
    commands = list(_commands(found, asked, grading=grading))
    sent = await deps.sender.send(asking, commands)
    faults = list(_faults(commands, sent))
    if faults:
        error = "Not all of it was taken."
        return _page(deps, request, replace(told, error=error, faults=faults), 409)
    position = max(one.position for one in sent)
    raise Moved(
        address(f"/console/runs/{run}/gradebook", applied=len(found.changes), since=position)
    )


def _commands(found: GradeChanges, asked: Asked, *, grading: bool) -> Iterator[ToSend]:
    """Yield the changes, and the computing of grades for who may have that done. A preview that is
    sent twice has the same keys."""
    told = msgspec.json.encode((asked.position, asked.agreed, asked.reason))
    key = f"grades/{hashlib.sha256(told).hexdigest()[:32]}"
    for change in found.changes:
        body = {**change.body, "reason": asked.reason}
        yield ToSend(change.command, body, f"{key}/{change.line}/{change.item}/{change.command}")
    for one in found.grades if grading else ():
        body = {"run": found.run, "subject": one.subject}
        yield ToSend("compute-grade", body, f"{key}/{one.subject}")


def _faults(commands: Sequence[ToSend], sent: Sequence[Sent]) -> Iterator[str]:
    for command, one in zip(commands, sent, strict=True):
        if one.fault is not None:
            item = command.body.get("item", "grade")
            yield f"{command.body['subject']}, {item}: {one.fault}"


def _digest(found: GradeChanges) -> str:
    return hashlib.sha256(msgspec.json.encode(found.changes)).hexdigest()


def _page(deps: ReadDependencies, request: Request, told: Changing, status: int) -> Page:
    asking = deps.principal(request)
    may_apply = deps.sender is not None and may(asking, Permission.OVERRIDE_GRADES, told.run)

    def draw() -> Mapping[str, Any]:
        found = told.changes
        return {
            "told": told,
            "found": found,
            "said": _SAID,
            "shown": found.changes[:ROWS_SHOWN_MAX] if found else [],
            "agreed": _digest(found) if found else "",
            "may_apply": may_apply,
            "may_change": goes_on(asking, told.run),
            "reason_max": REASON_CHARACTERS_MAX,
        }

    title = f"Changes to the gradebook of {told.run}"
    return Page("change_grades.html", title, told, draw, "Runs", status)


async def _read(request: Request) -> tuple[Asked, bool]:
    """Read the form, and whether it is to be applied. Raises BadParameter."""
    one = await read_form(request, "table")
    try:
        asked = Asked(
            table=one.get("table", ""),
            reason=one.get("reason", "").strip(),
            agreed=one.get("agreed", ""),
            position=int(one.get("position", "0")),
        )
    except ValueError:
        raise BadParameter("table", "cannot be read") from None
    return asked, one.get("act") == "apply"
