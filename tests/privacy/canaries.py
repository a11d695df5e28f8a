"""Whatever is personal in any command holds a canary: a text that is found nowhere by chance."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from pydantic import ValidationError

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.access.commands import COMMANDS
from domain.access.permissions import Permission
from domain.kernel import Personal
from domain.streams import REGISTRY
from infra.compose.keys import keeping_keys
from infra.compose.parts import utc_now
from infra.log.postgres import PostgresLog
from infra.settings.fields import Settings
from tests.commands.test_retry import EVERY_COMMAND, LATER, NOON, S1, A
from tests.given import Record

OTHER = "oulad-untouched"
MARK = f"canary-{uuid4().hex[:12]}"
"""Stands in every canary of this session."""
_FIELDS = {field for known in REGISTRY.types.values() for field in known.personal}
_ERASING = {Permission.ERASE, Permission.CARRY_OUT_ERASURE}


def commands() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every command but those that erase, with a canary in each text of it that a decision
    takes for personal: which those are is found out by deciding."""
    record = Record()
    for minute, (name, body) in enumerate(EVERY_COMMAND):
        if COMMANDS[name] in _ERASING:
            continue
        at = LATER.get(name, NOON + timedelta(minutes=minute))
        body = _filled(name, body)
        decided = record.when(name, at, **body)
        personal = set(_texts([_personal(fact) for fact in decided.facts]))
        marked = _marked(body, personal, minute)
        yield name, {**marked, "occurred_at": at.isoformat()}
    again = {"subject": S1, "occurred_at": (NOON + timedelta(days=1)).isoformat()}
    yield "change-profile", {**again, "email": f"{MARK}@again.example"}
    shown = {"region": f"{MARK}-other"}
    yield (
        "enrol-learner",
        {
            "run": A,
            "subject": OTHER,
            "mode": "audit",
            "demographics": shown,
            "occurred_at": (NOON + timedelta(days=1)).isoformat(),
        },
    )


def seed(dsn: str, settings: Settings) -> None:
    """Have all of them in a log, as a server would, but for what policies make of them."""
    asyncio.run(_seed(dsn, settings))


async def _seed(dsn: str, settings: Settings) -> None:
    async with keeping_keys(settings, dsn) as keys, PostgresLog(dsn, REGISTRY) as log:
        pipeline = Pipeline(log, keys, REGISTRY, utc_now)
        reader = CommandReader(DECISIONS, await keys.digest_secret(), utc_now)
        for name, body in commands():
            request = reader.read(name, msgspec.json.encode(body), DEVELOPMENT, str(uuid4()))
            await pipeline.execute(request)


def unsealed_types(sealed: Mapping[str, set[str]]) -> set[str]:
    """Return the personal fields of which none is among those sealed, by type."""
    return {
        f"{known.name}.{field}"
        for known in REGISTRY.types.values()
        for field in known.personal
        if field not in sealed.get(known.name, set())
    }


def files_with(folder: Path, text: str) -> list[Path]:
    """Return the files under a folder whose bytes hold a text, in UTF-8 or UTF-16."""
    wanted = (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    ]


def _filled(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Fill in texts that may be left out and go by the name of a personal field."""
    fields = DECISIONS[name].model.model_fields
    left_out = (fields.keys() & _FIELDS) - body.keys() - set(body.get("clear", ()))
    values = {
        one: "one@left-out.example" if one == "email" else f"left out: {one}" for one in left_out
    }
    return {**body, **{one: text for one, text in values.items() if _takes(name, body, one, text)}}


def _takes(name: str, body: dict[str, Any], field: str, text: str) -> bool:
    try:
        DECISIONS[name].model.model_validate({**body, field: text})
    except ValidationError:
        return False
    return True


def _personal(fact: Any) -> list[Any]:
    return [
        msgspec.to_builtins(value.value)
        for value in msgspec.structs.asdict(fact).values()
        if isinstance(value, Personal)
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _marked(value: Any, personal: set[str], number: int) -> Any:
    if isinstance(value, str) and value in personal and value != S1:
        return f"{MARK}@{number}.example" if "@" in value else f"{MARK}-{number}"
    if isinstance(value, Mapping):
        return {name: _marked(one, personal, number) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(one, personal, number) for one in value]
    return value
