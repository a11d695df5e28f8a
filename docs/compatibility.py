"""Would consumers of the released events still understand those of the code?

``python -m docs.compatibility`` compares the schemas of the code with those in
``projections/released-events.json`` and fails where one broke its promise. With ``--release``,
what is compatible is written there: from then on it is promised.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from domain.streams import REGISTRY
from projections.schemas import RELEASED, released, schemas

LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
EXACTLY = ("type", "format", "pattern", "const")
NONE = object()

Schema = Mapping[str, Any]


def broken(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """Return in one sentence each which promises are broken.

    A type whose schema was raised is another type; the one before may then be told no more.
    """
    found = []
    for kind, old in before.items():
        if kind in after:
            found += [f"{kind}: {said}" for said in _differences(old, after[kind])]
        elif not any(_raised(kind, other) for other in after):
            found.append(f"{kind}: is not told any more, and no later version is")
    return found


def _raised(kind: str, other: str) -> bool:
    (name, version), (other_name, other_version) = map(_parts, (kind, other))
    return name == other_name and other_version > version


def _parts(kind: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.+)\.v(\d+)", kind)
    if match is None:
        raise ValueError(f"{kind} is no type of events")
    return match[1], int(match[2])


def _differences(old_root: Schema, new_root: Schema) -> Iterator[str]:
    def resolved(schema: Schema, root: Schema) -> Schema:
        ref = schema.get("$ref")
        return schema if ref is None else root["$defs"][ref.rpartition("/")[2]]

    def compare(old: Schema, new: Schema, path: str) -> Iterator[str]:
        old, new = resolved(old, old_root), resolved(new, new_root)
        where = path or "the whole"
        if "anyOf" in old or "anyOf" in new:
            yield from options(old, new, path)
            return
        for word in EXACTLY:
            if old.get(word) != new.get(word):
                yield f"{where} has another {word}: {old.get(word)}, now {new.get(word)}"
        yield from _narrowed(old, new, where)
        yield from fields(old, new, path)
        if "items" in old or "items" in new:
            yield from compare(_mapping(old.get("items")), _mapping(new.get("items")), f"{path}[]")

    def options(old: Schema, new: Schema, path: str) -> Iterator[str]:
        befores = {_signature(one): one for one in _options(old, old_root, resolved)}
        afters = {_signature(one): one for one in _options(new, new_root, resolved)}
        more = afters.keys() - befores.keys()
        # One more kind of object is like one more value of an enumeration; null is not.
        if befores.keys() - afters.keys() or any(
            afters[one].get("type") != "object" for one in more
        ):
            yield f"{path} has another type: {sorted(befores)}, now {sorted(afters)}"
        for signature in befores.keys() & afters.keys():
            yield from compare(befores[signature], afters[signature], path)

    def fields(old: Schema, new: Schema, path: str) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        before, now = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in olds.items():
            if name not in news:
                yield f"{path}.{name} is gone"
                continue
            if "default" in schema and schema["default"] != news[name].get("default", NONE):
                yield f"{path}.{name} means something else where it is left out"
            yield from compare(schema, news[name], f"{path}.{name}")
        for name in sorted(now - before):
            yield f"{path}.{name} is required now"
        for name in sorted((before - now) & news.keys()):
            yield f"{path}.{name} is not required any more"

    return compare(old_root, new_root, "")


def _options(schema: Schema, root: Schema, resolved: Any) -> list[Schema]:
    return [resolved(one, root) for one in schema.get("anyOf", [schema])]


def _signature(schema: Schema) -> str:
    kind = schema.get("type") or json.dumps(schema.get("enum", schema.get("const")))
    return f"{kind} {schema.get('title', '')} {schema.get('format', '')}".strip()


def _mapping(items: Any) -> Schema:
    return items if isinstance(items, Mapping) else {"const": items}


def _narrowed(old: Schema, new: Schema, where: str) -> Iterator[str]:
    if "enum" in new:
        missing = sorted(set(map(json.dumps, old.get("enum", ()))) - _values(new))
        if "enum" not in old or missing:
            yield f"{where} may be less: without {', '.join(missing) or 'anything else'}"
    elif "enum" in old:
        yield f"{where} may be anything now, not only {', '.join(sorted(_values(old)))}"
    for word in LEAST:
        if word in new and new[word] > old.get(word, float("-inf")):
            yield f"{where} may be less: {word} is {new[word]} now"
    for word in MOST:
        if word in new and new[word] < old.get(word, float("inf")):
            yield f"{where} may be less: {word} is {new[word]} now"


def _values(schema: Schema) -> set[str]:
    return set(map(json.dumps, schema["enum"]))


def main(arguments: list[str]) -> int:
    """Check, or release; return the exit code."""
    told = schemas(REGISTRY)
    before = released()
    found = broken(before, told)
    if found:
        sys.stderr.write("Events that consumers rely on would break:\n")
        sys.stderr.writelines(f"  {said}\n" for said in found)
        sys.stderr.write("Add fields with defaults only, or raise the fact's schema.\n")
        return 1
    if "--release" in arguments:
        content = dict(sorted({**before, **told}.items()))
        RELEASED.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
