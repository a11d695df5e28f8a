"""What became of every row: accepted, or refused by which rule?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

EXAMPLES_PER_RULE_MAX = 3


class Answer(NamedTuple):
    """What became of one command: ``status`` as the batch route says it, and why."""

    status: str
    rule: str | None = None
    detail: str | None = None
    replayed: bool = False

    @property
    def accepted(self) -> bool:
        """Whether what the command says is in the record now."""
        return self.status in ("recorded", "unchanged")


class Row:
    """One source row, until all the commands that it gave rise to are answered.

    It is accepted if all of them are, and otherwise refused by the first rule that refused one.
    """

    __slots__ = ("label", "pending", "refusal", "repeated", "table")

    def __init__(self, table: str, label: str) -> None:
        self.table = table
        self.label = label
        self.pending = 0
        self.repeated = True
        self.refusal: tuple[str, Answer] | None = None


class Sendable(NamedTuple):
    """A command on its way: its name, its key, its body, and the rows that it comes from."""

    name: str
    key: str
    body: Mapping[str, Any]
    rows: tuple[Row, ...]


def key_of(source: str) -> str:
    """Return the idempotency key of a command, made of what it comes from."""
    return f"oulad:{source}"


def sendable(name: str, key: str, body: Mapping[str, Any], *rows: Row) -> Sendable:
    """Make a command and let its rows wait for it."""
    for row in rows:
        row.pending += 1
    return Sendable(name, key_of(key), body, rows)


class Fates:
    """The rows that are settled, counted by table and by rule."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        """``rows`` are how many each table holds; in the end all must be accounted for."""
        self.rows = dict(rows)
        self.accepted: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.by_rule: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.commands: Counter[str] = Counter()

    def settle(self, sent: Iterable[Sendable], answers: Iterable[Answer]) -> None:
        """Take in the answers to these commands, in the same order."""
        for command, answer in zip(sent, answers, strict=True):
            self.commands["replayed" if answer.replayed else answer.status] += 1
            for row in command.rows:
                row.pending -= 1
                row.repeated = row.repeated and answer.replayed
                if not answer.accepted and row.refusal is None:
                    row.refusal = (command.name, answer)
                if row.pending == 0:
                    self._close(row)

    def _close(self, row: Row) -> None:
        if row.refusal is None:
            self.accepted[row.table] += 1
            self.repeated[row.table] += row.repeated
            return
        command, answer = row.refusal
        rule = answer.rule or answer.status
        self.refused[row.table] += 1
        self.by_rule[row.table, rule] += 1
        examples = self.examples.setdefault((row.table, rule), [])
        if len(examples) < EXAMPLES_PER_RULE_MAX:
            examples.append({"row": row.label, "command": command, "detail": answer.detail})

    @property
    def complete(self) -> bool:
        """Whether every row is accepted or refused."""
        return all(
            self.accepted[table] + self.refused[table] == count
            for table, count in self.rows.items()
        )

    def report(self) -> dict[str, Any]:
        """Return the counts of every table, and each refusing rule with its examples."""
        return {
            "complete": self.complete,
            "commands": dict(sorted(self.commands.items())),
            "tables": {
                table: {
                    "rows": count,
                    "accepted": self.accepted[table],
                    "of_these_already_there": self.repeated[table],
                    "refused": self.refused[table],
                }
                for table, count in self.rows.items()
            },
            "refusals": [
                {
                    "table": table,
                    "rule": rule,
                    "rows": count,
                    "examples": self.examples[table, rule],
                }
                for (table, rule), count in self.by_rule.most_common()
            ],
        }
