"""How are differences and derivations shown on the command line?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from infra.cli.output import print_json, print_table
from read_api.parts import parts

VALUES = ("grade", "outcome", "status", "certificate", "progress")


def show_difference(found: dict[str, Any], *, as_json: bool) -> None:
    """Print what changed between two moments, and the facts between them."""
    if as_json:
        print_json(found)
        return
    added, gone = found["added"], found["gone"]
    since, until = found["since"], found["as_of"]
    between = f"from position {since['position']} to {until['position']}"
    if "occurred_at" in until:
        occurred = f"{since['occurred_at']} to {until['occurred_at']}"
        between = f"what occurred from {occurred}, as known at position {until['position']}"
    print(f"{found['subject']}: {between}, facts {len(added)}", end="")
    print(f", no longer counted {len(gone)}\n" if gone else "\n")
    print_table(
        ("run", "item", "value", "was", "became", "because of"),
        [
            (
                change["run"],
                change["item"],
                change["name"],
                _short(change["before"]),
                _short(change["after"]),
                ", ".join(map(str, change["because"])),
            )
            for change in found["changes"]
        ],
    )
    print()
    _print_facts([*added, *gone])


def show_derivation(found: dict[str, Any], *, as_json: bool) -> None:
    """Print a value and the facts that it follows from."""
    if as_json:
        print_json(found)
        return
    asked = found["item"] or found["value"]
    print(f"{found['subject']} in {found['run']}, {asked}\n")
    print_table(("value", "is"), parts(found["shown"]))
    print("\nfollows from\n" if found["minimal"] else "\nfollows from, among others\n")
    _print_facts(found["facts"])


def _print_facts(facts: Sequence[dict[str, Any]]) -> None:
    print_table(
        ("position", "occurred", "who", "what happened", "on what grounds"),
        [
            (
                fact["position"],
                fact["occurred_at"],
                fact["actor"],
                fact["sentence"],
                ", ".join(f"{name} {_short(said)}" for name, said in fact["grounds"].items()),
            )
            for fact in facts
        ],
    )


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
