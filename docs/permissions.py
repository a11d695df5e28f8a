"""Who may do what? The matrix of the reference, from the tables in ``domain.access``."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping

from commands.register import DECISIONS
from domain.access import INSTALLATION, Role, permissions
from domain.access.commands import COMMANDS
from domain.access.permissions import JUDGING, OF_INSTALLATION, RECORDED, STRONG, Permission
from domain.access.queries import PAGES, QUERIES, Asks
from domain.access.roles import ROLES, SCOPES, Reach

HEAD = """# Permissions

Each command and each address asks for one permission; a role allows it for the **own** record, for
the **runs** in which it is held (and the learners in them), or for **all** of the tenant. What is
in no table here is refused to everybody. Why it is so: [roles](../explanation/roles.md).

A refusal is 403 `/problems/not-permitted` with the `permission`; it is decided before anything is
looked up, so that it says nothing of what there is. Where only the answer shows whose record it is
of (*tells* below), what you may not see is answered 404, as though it were not there.
"""
_WORDS = {Reach.OWN: "own", Reach.RUNS: "runs", Reach.TENANT: "all"}


def page() -> Iterator[str]:
    """Yield the page of permissions. Raises ValueError where a command has none."""
    without = DECISIONS.keys() ^ COMMANDS.keys()
    if without:
        raise ValueError(f"domain/access/commands.py and the register differ: {sorted(without)}")
    yield HEAD
    roles = [role for role in Role if role is not Role.POLICY]
    yield f"| permission | {' | '.join(roles)} |\n| --- |{' --- |' * len(roles)}"
    for permission in Permission:
        reach = (ROLES[role].get(permission) for role in roles)
        cells = " | ".join("" if one is None else _WORDS[one] for one in reach)
        yield f"| [`{permission}`](#{permission}) | {cells} |"
    yield (
        "\nBeside these there is the role `policy`, which no one can be granted: what the system "
        f"does by itself. It may {_named(ROLES[Role.POLICY])}.\n"
    )
    meanings = _meanings()
    by_query = _by_permission({**QUERIES, **PAGES})
    for permission in Permission:
        yield f"## {permission}\n\n{meanings[permission.name]}\n"
        yield from _notes(permission)
        commands = [name for name, wanted in COMMANDS.items() if wanted is permission]
        if commands:
            yield f"- commands: {', '.join(f'`{name}`' for name in commands)}"
        if permission in by_query:
            yield f"- addresses: {', '.join(by_query[permission])}"
        yield ""
    yield "## Scopes\n"
    yield "A token with scopes allows what its bearer may do *and* a scope names. A program that"
    yield "acts for itself (client credentials) may do what its scopes name, in its whole tenant.\n"
    yield "| scope | permissions |\n| --- | --- |"
    for scope, allowed in SCOPES.items():
        yield f"| `{scope}` | {_named(allowed)} |"
    yield "\n## Open to everybody\n"
    yield ", ".join(f"`{path}`" for path, asks in QUERIES.items() if asks.permission is None)


def _notes(permission: Permission) -> Iterator[str]:
    if permission in STRONG:
        yield "- takes a second factor (401 with a challenge of RFC 9470, where it is missing)"
    if permission in OF_INSTALLATION:
        yield f"- only in the tenant `{INSTALLATION}`"
    if permission in JUDGING:
        yield "- never for one's own record"
    if permission in RECORDED:
        yield "- is noted in the access log, but for one's own record"


def _by_permission(table: Mapping[str, Asks]) -> Mapping[Permission, list[str]]:
    found: dict[Permission, list[str]] = {}
    for path, asks in table.items():
        if asks.permission is not None:
            told = f"`{path}`" + (" (tells)" if asks.tells else "")
            found.setdefault(asks.permission, []).append(told)
    return found


def _named(allowed: Mapping[Permission, Reach] | frozenset[Permission]) -> str:
    return ", ".join(f"`{one}`" for one in sorted(allowed))


def _meanings() -> Mapping[str, str]:
    """Return what is written under each permission."""
    (kind,) = (
        node
        for node in ast.parse(inspect.getsource(permissions)).body
        if isinstance(node, ast.ClassDef)
    )
    found = {}
    for name, told in zip(kind.body, kind.body[1:], strict=False):
        match name, told:
            case (
                ast.Assign(targets=[ast.Name(id=one)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[one] = " ".join(text.split())
    return found
