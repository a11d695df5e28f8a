"""Which commands, facts, events, rules, settings and views are there? The reference, from the code.

``python -m docs.generate`` writes docs/reference; with ``--check`` it writes nothing and fails
where a page is not what the code says.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from docs import bodies, outside, permissions, refused
from domain.refusals import REFUSALS
from domain.streams import REGISTRY
from infra.settings.described import described
from projections.reading import TENANT
from projections.register import READINGS

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Made by `make docs` from the code. -->\n"

FACTS = """# Facts

What the log holds, by the kind of stream. A stored name never changes. Every fact also has an
envelope: position, recorded and occurred time, stream and version, tenant, subject, actor,
command, correlation and causation.
"""
RULES = """# Rules

Why a command is refused (409). The problem document's `rule` is the name below, and it carries
the values that were judged by. `GET /problems/{rule}` says the same.
"""
SETTINGS = """# Settings

Read once, from flags, `REGISTRAR_*` variables, and `registrar.toml` in the data folder (or the
file that `--config` names), in this order. An unknown variable is an error. `registrar settings`
prints all with their source.

A secret may also stand in a file of its own (`REGISTRAR_DATABASE_URL_FILE=/run/secrets/…`, and so
for each). A password on the command line is refused: anybody on the machine could read it.
"""
VIEWS = """# Views for SQL

The schema `views` is a promise: columns are only ever added at the end, and a rebuild never
breaks a view. See [how to query with SQL](../how-to/query-with-sql.md).
"""


def facts() -> Iterator[str]:
    """Yield the page of facts."""
    yield FACTS
    for kind in REGISTRY.kinds.values():
        yield f"## Stream `{kind.name}`\n"
        for cls in kind.facts:
            known = REGISTRY.types[cls.__name__]
            yield f"### {cls.__name__}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n"
            if not cls.__struct_fields__:
                continue
            hints = get_type_hints(cls)
            yield "| field | type | default |\n| --- | --- | --- |"
            for field in msgspec.structs.fields(cls):
                sealed = " (sealed with the subject's key)" if field.name in known.personal else ""
                has_default = field.default is not msgspec.NODEFAULT
                default = f"`{field.default!r}`" if has_default else ""
                hint = _hint(hints[field.name])
                yield f"| `{field.name}` | `{hint}`{sealed} | {default} |"
            yield ""


def _hint(hint: Any) -> str:
    if hint is type(None):
        return "None"
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z]|date\b|datetime\b)", "", str(hint))  # without modules
    return text.replace("NoneType", "None").replace("|", "\\|")


def rules() -> Iterator[str]:
    """Yield the page of rules."""
    yield RULES
    given = refused.values(frozenset(cls.__name__ for cls in REFUSALS.values()))
    for rule, cls in sorted(REFUSALS.items()):
        yield f"## {rule}\n\n**{cls.title}.**\n{inspect.cleandoc(cls.__doc__ or '')}\n"
        yield f"Judged by: {', '.join(f'`{name}`' for name in given[cls.__name__])}\n"


def settings() -> Iterator[str]:
    """Yield the page of settings."""
    yield SETTINGS
    yield "| setting | variable | default | meaning |\n| --- | --- | --- | --- |"
    for entry in described():
        yield (
            f"| `{entry.name}` | `{entry.variable}` | {entry.default or 'not set'} "
            f"| {entry.description} |"
        )


def views() -> Iterator[str]:
    """Yield the page of views."""
    yield VIEWS
    for reading in READINGS:
        yield f"## Reading `{reading.name}` (version {reading.version})\n"
        types = {
            field.name: _hint(get_type_hints(documents.row)[field.name])
            for documents in reading.documents
            for field in msgspec.structs.fields(documents.row)
        }
        for view in reading.views:
            yield f"### views.{view.name}\n\n| column | type |\n| --- | --- |"
            yield f"| `{TENANT}` | `str` |"
            for column in view.columns:
                name = column.rpartition(" as ")[2].rpartition(".")[2].strip('"')
                yield f"| `{name}` | `{types.get(name, 'bigint')}` |"
            yield ""


PAGES = {
    "commands": bodies.page,
    "events": outside.events,
    "facts": facts,
    "permissions": permissions.page,
    "rules": rules,
    "settings": settings,
    "views": views,
}


def files() -> Iterator[tuple[str, str]]:
    """Yield every generated file, by path within the reference."""
    for name, page in PAGES.items():
        yield f"{name}.md", NOTE + "\n".join(page()).rstrip() + "\n"
    yield from outside.files()


def main(arguments: list[str]) -> int:
    """Write or check the files; return the exit code."""
    stale = []
    for name, text in files():
        path = REFERENCE / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if stale and "--check" in arguments:
        sys.stderr.write(
            f"docs/reference is not what the code says: {', '.join(stale)}. Run make docs.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
