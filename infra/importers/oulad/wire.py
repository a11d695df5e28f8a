"""How do commands and answers look on the batch route?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.replay import ReplayFailed


class _Problem(msgspec.Struct):
    """Why a command was not taken."""

    type: str
    detail: str = ""


class _Result(msgspec.Struct):
    """One result of the batch route, as far as a replay wants it."""

    status: str
    problem: _Problem | None = None
    replayed: bool = False

    def answer(self) -> Answer:
        if self.problem is None:
            return Answer(self.status, replayed=self.replayed)
        return Answer(self.status, self.problem.type.rpartition("/")[2], self.problem.detail)


class _Results(msgspec.Struct):
    results: list[_Result]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Results).decode


def batch_body(commands: Sequence[Sendable]) -> bytes:
    """Return the body of ``POST /v1/commands``."""
    return _encode({"commands": [{"name": c.name, "key": c.key, "body": c.body} for c in commands]})


def read_answers(body: bytes, count: int) -> list[Answer]:
    """Return the answers to so many commands. Raises ReplayFailed where they are none."""
    try:
        results = _decode(body).results
    except msgspec.DecodeError as error:
        raise ReplayFailed(f"this is not how registrar answers: {error}") from error
    if len(results) != count:
        raise ReplayFailed(f"{len(results)} answers came to {count} commands")
    return [result.answer() for result in results]
