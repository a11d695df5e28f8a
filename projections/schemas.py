"""What does the data of an event look like? One JSON Schema (2020-12) for each type and version."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from domain.registry import FactType, Registry
from projections.cloudevents import schema_id, type_name
from projections.decoding import Unreadable

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNREADABLE = type_name(Unreadable.__name__, Unreadable.schema)
"""The one type without data."""
RELEASED = Path(__file__).parent / "released-events.json"
"""What ``python -m docs.compatibility --release`` wrote: from then on it is promised."""


def schemas(registry: Registry) -> Mapping[str, dict[str, Any]]:
    """Return the schemas of all events that this version tells, by type."""
    return {
        type_name(known.name, known.schema): schema(known)
        for known in sorted(registry.types.values(), key=lambda known: known.name)
    }


def released() -> dict[str, dict[str, Any]]:
    """Return the schemas that were promised, by type."""
    return msgspec.json.decode(RELEASED.read_bytes(), type=dict[str, dict[str, Any]])


def all_schemas(registry: Registry) -> dict[str, dict[str, Any]]:
    """Return the schema of every type that may be met, those told by earlier versions too."""
    return dict(sorted({**released(), **schemas(registry)}.items()))


def schema(known: FactType) -> dict[str, Any]:
    """Return the schema of one event's data. Personal fields are in none."""
    # As JSON has it: a default that is a tuple is a list there.
    made = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(_told(known))))
    definitions = made["$defs"]
    own = definitions.pop(made["$ref"].rpartition("/")[2])
    own["description"] = inspect.cleandoc(known.cls.__doc__ or "")
    found = {"$schema": DIALECT, "$id": schema_id(known.name, known.schema), **own}
    for entry in definitions.values():
        if "description" in entry:
            entry["description"] = inspect.cleandoc(entry["description"])
    return found | ({"$defs": definitions} if definitions else {})


def _told(known: FactType) -> type[msgspec.Struct]:
    """Return the fact's class as it is without its personal fields."""
    hints = get_type_hints(known.cls, include_extras=True)
    fields: list[Any] = []
    for field in msgspec.structs.fields(known.cls):
        if field.name in known.personal:
            continue
        if field.default is not msgspec.NODEFAULT:
            fields.append((field.name, hints[field.name], field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            factory = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, hints[field.name], factory))
        else:
            fields.append((field.name, hints[field.name]))
    return msgspec.defstruct(known.name, fields, kw_only=True)
