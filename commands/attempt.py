"""What comes of deciding one command on the states at hand? (No I/O, nothing awaited.)"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from commands.assembly import Assembly
from commands.decision import Context, Elsewhere, unmarked
from commands.held_keys import HeldKeys
from commands.ports import SubjectKey
from commands.requests import Request, StaleVersion
from commands.stream_cache import Entry, StreamCache
from commands.verdicts import Decided, Declined, Needs
from domain.kernel import Fact, Refusal, StreamRef
from domain.registry import Registry


def attempt(
    request: Request,
    refs: tuple[StreamRef[Any], ...],
    cache: StreamCache,
    keys: HeldKeys,
    registry: Registry,
    now: datetime,
) -> Needs | Declined | Decided:
    """Decide one command on what is cached, with all that is still pending taken as recorded.

    ``refs`` are the streams that the decision names for the command.
    """
    decision, command, principal = request.decision, request.command, request.principal
    entries = [cache.get(ref.name) for ref in refs]
    if None in entries:
        return Needs(cache.missing(refs), (), refs)
    further = decision.more(
        command, principal.tenant, *(entry.state for entry in entries if entry is not None)
    )
    if further:
        refs = refs + further
        entries += [cache.get(ref.name) for ref in further]
        if None in entries:
            return Needs(cache.missing(refs), (), refs)
    while entries[-1] is not None:
        onward = decision.onwards(principal.tenant, refs, entries[-1].state)
        if onward is None:
            break
        refs += (onward,)
        entries.append(cache.get(onward.name))
    if entries[-1] is None:
        return Needs(cache.missing(refs), (), refs)
    held: list[Entry] = [entry for entry in entries if entry is not None]
    mark: Callable[[Any], str] = unmarked
    error: Exception | None = None
    if decision.marks:
        whose = (principal.tenant, refs[0].subject or "")
        key = keys.get(*whose)
        if key is not None:
            mark = _marking(key)
        elif (error := keys.why_none(*whose)) is None:
            return Needs({}, (whose,), refs)
    pending = [entry.pending for entry in held if entry.pending is not None]
    rests_on = tuple(dict.fromkeys(pending)) if pending else ()
    primary = held[0].version
    decided: list[Fact | Elsewhere] = []
    if request.if_match is not None and request.if_match != primary:
        error = StaleVersion(request.if_match, primary)
    elif error is None:
        at = command.occurred_at.astimezone(UTC) if command.occurred_at else now
        try:
            decided = list(
                decision.decide(command, Context(at, principal, mark), *(e.state for e in held))
            )
        except Refusal as refusal:
            error = refusal
    if error is not None or not decided:
        versions = {
            ref.name: entry.version
            for ref, entry in zip(refs, held, strict=True)
            if entry.pending is None
        }
        return Declined(error, refs, primary, versions, rests_on)
    return Assembly(request, registry, keys, refs, held, at).of(decided, rests_on)


def _marking(key: SubjectKey) -> Callable[[Any], str]:
    return lambda value: key.mark(msgspec.json.encode(value))
