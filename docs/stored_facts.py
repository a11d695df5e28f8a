"""Does every build still read what earlier ones stored, and take it to mean the same?

``python -m docs.stored_facts`` stores samples of every fact as bytes under ``tests/data/facts``:
each type and schema, each of its fields, each kind of what a field may hold, and one with nothing
but what must be there, so that defaults keep their meaning. Beside the bytes stands what is read
out of them. What is there is never changed, only added to. With ``--check`` it
writes nothing, and fails where a sample is missing or is read otherwise than when it was stored.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from docs.samples import AT, bare, meaning, samples
from domain.kernel import Envelope, Fact
from domain.registry import FactType, Registry
from domain.streams import REGISTRY

FOLDER = Path(__file__).parent.parent / "tests" / "data" / "facts"
Sample = dict[str, Any]


def stored(registry: Registry, known: FactType, fact: Fact, *, is_bare: bool) -> Sample:
    """Return a sample: the stored bytes as text, and what is read out of them by schema. A bare one
    has nothing in its bytes but what must be there."""
    envelope = Envelope(
        position=0,
        recorded_at=AT,
        version=1,
        stream=f"main/{known.kind.name}/AAA-2013J/s1",
        id="00000000-0000-8000-8000-000000000001",
        type=known.name,
        schema=known.schema,
        occurred_at=AT,
        tenant="main",
        subject="s1",
        actor="tutor-17",
        command_id="00000000-0000-8000-8000-000000000002",
        correlation_id="00000000-0000-8000-8000-000000000002",
        causation_id=None,
        fact=fact,
    )
    document = json.loads(registry.encode(envelope))
    if is_bare:
        required = {field.name for field in msgspec.structs.fields(known.cls) if field.required}
        document["data"] = {
            name: value for name, value in document["data"].items() if name in required
        }
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return {"bare": is_bare, "body": body, "read": {str(known.schema): meaning(fact)}}


def differences(then: Any, value: Any, path: str = "") -> Iterator[str]:
    """Yield in one sentence each what is read otherwise now. A field that came later must hold its
    default."""
    if not isinstance(value, msgspec.Struct):
        if isinstance(then, list) and isinstance(value, tuple | list) and len(then) == len(value):
            for at, (one, other) in enumerate(zip(then, value, strict=True)):
                yield from differences(one, other, f"{path}[{at}]")
        elif meaning(value) != then:
            yield f"{path} was {then!r}, and is read as {meaning(value)!r}"
        return
    defaults = {field.name: field for field in msgspec.structs.fields(value)}
    for gone in sorted(then.keys() - defaults.keys() - {"~"}):
        yield f"{path}.{gone} is read no more"
    for name, field in defaults.items():
        now = getattr(value, name)
        if name in then:
            yield from differences(then[name], now, f"{path}.{name}")
        elif now != _default(field):
            yield f"{path}.{name} came later, and is read as {now!r}"


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


class Found(NamedTuple):
    """What is stored of one type and schema, and where."""

    path: Path
    samples: list[Sample]


def found(folder: Path) -> dict[str, Found]:
    """Return all that is stored, by type and schema, as in ``VideoWatched.v1``."""
    return {
        path.stem: Found(path, json.loads(path.read_text()))
        for path in sorted(folder.glob("*.json"))
    }


def lacking(registry: Registry, folder: Path) -> dict[Path, list[Sample]]:
    """Return the files as they must be, where they lack something."""
    there = found(folder)
    wanted: dict[Path, list[Sample]] = {}
    for known in registry.types.values():
        name = f"{known.name}.v{known.schema}"
        path, kept = there.get(name, Found(folder / f"{name}.json", []))
        more = []
        for is_bare, facts in ((False, samples(known.cls)), (True, (bare(known.cls),))):
            reads = [one["read"][str(known.schema)] for one in kept if one["bare"] == is_bare]
            covered = {step for read in reads for step in _steps(read)}
            for fact in facts:
                steps = set(_steps(meaning(fact)))
                if not steps <= covered:
                    covered |= steps
                    more.append(stored(registry, known, fact, is_bare=is_bare))
        if more:
            wanted[path] = kept + more
        for schema in range(1, known.schema):
            path, kept = there.get(f"{known.name}.v{schema}", Found(folder, []))
            if any(str(known.schema) not in one["read"] for one in kept):
                wanted[path] = [_upcast(one, known, registry) for one in kept]
    return wanted


def _upcast(one: Sample, known: FactType, registry: Registry) -> Sample:
    read = {str(known.schema): meaning(_read(one, registry)), **one["read"]}
    return {**one, "read": read}


def changed(registry: Registry, folder: Path) -> list[str]:
    """Return in one sentence each which stored fact is read otherwise than it was."""
    said = []
    for name, (_, kept) in found(folder).items():
        known = registry.types.get(name.rpartition(".v")[0])
        for number, one in enumerate(kept):
            if known is None:
                said.append(f"{name}: there is no such fact any more")
                continue
            then = one["read"].get(str(known.schema))
            try:
                fact = _read(one, registry)
            except Exception as error:  # whatever an upcaster raises
                said.append(f"{name}[{number}] cannot be read: {error}")
                continue
            if then is not None:
                said += [f"{name}[{number}]{told}" for told in differences(then, fact)]
    return said


def _read(one: Sample, registry: Registry) -> Fact:
    return registry.decode(1, AT, 1, one["body"].encode()).fact


def _steps(told: Any, path: str = "") -> Iterator[str]:
    """Yield the fields that a sample holds, with the kind of thing in each."""
    if isinstance(told, dict):
        path += f"<{told['~']}>" if "~" in told else ""
        for name, value in told.items():
            yield from _steps(value, f"{path}.{name}")
    elif isinstance(told, list):
        for value in told:
            yield from _steps(value, f"{path}[]")
    else:
        yield path


def main(arguments: list[str]) -> int:
    """Store or check; return the exit code."""
    otherwise = changed(REGISTRY, FOLDER)
    missing = lacking(REGISTRY, FOLDER)
    if otherwise:
        sys.stderr.write("Facts that are stored would be read otherwise:\n")
        sys.stderr.writelines(f"  {said}\n" for said in otherwise)
        sys.stderr.write(
            "Give a change of meaning a new class, or a higher schema and an upcaster.\n"
        )
        return 1
    if missing and "--check" in arguments:
        names = ", ".join(path.stem for path in missing)
        sys.stderr.write(f"No samples are stored of {names}. Run python -m docs.stored_facts.\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in missing.items():
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
