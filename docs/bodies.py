"""What does each command take? The page of commands, from the models of their bodies."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

from commands.fields import ID, LINE, LINES, WORD
from commands.register import DECISIONS

HEAD = """# Commands

`POST /v1/commands/{name}` with the body below; up to 500 at once, each with its own key, to `POST
/v1/commands`. Every body may also state `occurred_at` (trusted importers only). The answers are
described in [how it works](../explanation/how-it-works.md). What a body is made of, such as an
[item](#item) of a run's content or a [grading policy](#grouped-policy), stands at the end.

| type | is |
| --- | --- |
| id | 1 to 64 letters, digits and `. _ ~ -`, of which the first is a letter or digit |
| word | small letters, digits and hyphens, beginning with a letter |
| line | a text in one line |
| text | a text that may have several lines |
| decimal | a number that is taken exactly as written: `7.5`, or as a text `"7.5"` |
| date-time | a time with its offset, from 1990 to 2200: `2013-10-01T08:00:00Z` |
"""
PARTS = """## What bodies are made of

"""
_TABLE = "| field | type | required | meaning and limits |\n| --- | --- | --- | --- |"
_TEXTS = {ID: "id", WORD: "word", LINE: "line", LINES: "text"}
_BOUNDS = (
    ("characters", "minLength", "maxLength"),
    ("entries", "minItems", "maxItems"),
    ("", "minimum", "maximum"),
    ("", "ge", "le"),
)
"""What is counted, and between which keywords; pydantic leaves a decimal's as its own."""
_USUAL = {"minLength": 1, "maxLength": 64}
"""The bounds of an id, said once in the head."""


def page() -> Iterator[str]:
    """Yield the page of commands: each body, then the parts that bodies are made of."""
    yield HEAD
    parts: dict[str, dict[str, Any]] = {}
    for name, decision in DECISIONS.items():
        schema = decision.model.model_json_schema()
        parts |= schema.get("$defs", {})
        yield f"## {name}\n\n{inspect.cleandoc(decision.model.__doc__ or '')}\n"
        yield from _table(schema)
        example = json.dumps(decision.example, indent=2, ensure_ascii=False)
        yield f"\n```json\n{example}\n```\n"
    yield PARTS.rstrip() + "\n"
    for name, schema in sorted(parts.items()):
        yield f"### {_title(name)}\n\n{schema['description']}\n"
        yield from _table(schema)
        yield ""


def _table(schema: dict[str, Any]) -> Iterator[str]:
    yield _TABLE
    required = schema.get("required", [])
    for field, entry in schema["properties"].items():
        if field == "occurred_at":
            continue
        must = "yes" if field in required else "no"
        if entry.get("default") is not None:
            must += f" (`{json.dumps(entry['default'])}`)"
        yield f"| `{field}` | {_type(entry)} | {must} | {_limits(entry)} |"


def _title(name: str) -> str:
    """Return what a part is called: ``GroupedPolicyBody`` is a grouped policy."""
    words = "".join(
        f" {one.lower()}" if one.isupper() else one for one in name.removesuffix("Body")
    )
    return words.strip().capitalize()


def _type(entry: dict[str, Any]) -> str:
    options = entry.get("anyOf") or entry.get("oneOf")
    if options:
        if [option.get("type") for option in options] == ["number", "string"]:
            return "decimal"
        return " or ".join(_type(option) for option in options)
    if "$ref" in entry:
        title = _title(entry["$ref"].rpartition("/")[2])
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    if "enum" in entry:
        return " or ".join(f"`{json.dumps(value)}`" for value in entry["enum"])
    if "const" in entry:
        return f"`{json.dumps(entry['const'])}`"
    if entry.get("type") == "array":
        return f"list of {_type(entry.get('items', {}))}"
    if entry.get("pattern") in _TEXTS:
        return _TEXTS[entry["pattern"]]
    return str(entry.get("format") or entry.get("type", "any"))


def _limits(entry: dict[str, Any]) -> str:
    found = [entry["description"].rstrip(".") + "."] if "description" in entry else []
    for option in (entry, *entry.get("anyOf", [])):
        found.extend(f"{_sentence(limit)}." for limit in _said(option))
    return " ".join(found)


def _said(option: dict[str, Any]) -> Iterator[str]:
    if option.get("pattern") == ID and _USUAL.items() <= option.items():
        return
    for counted, least, most in _BOUNDS:
        words = _between(option.get(least), option.get(most))
        if words:
            yield f"{words} {counted}".rstrip()
    if "gt" in option:
        yield f"more than {option['gt']}"
    if "decimal_places" in option:
        yield f"at most {option['decimal_places']} decimal places"
    if "pattern" in option and option["pattern"] not in _TEXTS:
        escaped = option["pattern"].replace("|", "\\|")
        yield f"matches `{escaped}`"


def _between(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    if most is not None:
        return f"at most {most:,}"
    return "" if least is None else f"at least {least:,}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
