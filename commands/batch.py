"""How does a request of bytes become commands, and answers become bytes?"""

from __future__ import annotations

import difflib
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from commands.decision import Command, Decision
from commands.malformed import FieldError, Malformed, of_validation
from commands.permitting import require_any, require_for
from commands.problems import UnknownCommand, describe
from commands.remembered import Transacts
from commands.requests import Answer, Recorded, Request
from domain.access import Principal
from domain.access.deciding import NotPermitted, NotStrong, states_time

COMMANDS_A_BATCH_MAX = 500
KEY_CHARACTERS_MAX = 200
NAME_CHARACTERS_SHOWN = 64
CLOCK_SKEW_MAX = timedelta(minutes=5)


class BatchItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command of a batch."""

    name: str
    body: msgspec.Raw
    key: str | None = None


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/commands``."""

    commands: list[BatchItem]


_decode_batch = msgspec.json.Decoder(Batch).decode
_encode = msgspec.json.Encoder().encode


class CommandReader:
    """Reads commands out of bytes, for the decisions there are.

    ``secret`` keys the digests of bodies, which may be guessable.
    """

    def __init__(
        self, decisions: Mapping[str, Decision], secret: bytes, clock: Callable[[], datetime]
    ) -> None:
        self.decisions = decisions
        self._secret = secret
        self._clock = clock

    def read(
        self,
        name: str,
        body: bytes,
        principal: Principal,
        key: str | None = None,
        if_match: int | None = None,
    ) -> Request:
        """Return the command, ready for the pipeline.

        Raises UnknownCommand, NotPermitted, NotStrong or Malformed.
        """
        decision = self.decisions.get(name)
        if decision is None:
            shown = name[:NAME_CHARACTERS_SHOWN]
            near = difflib.get_close_matches(shown, self.decisions, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UnknownCommand(f"There is no command {shown!r}.{hint}")
        permission = require_any(principal, name)
        try:
            command = decision.model.model_validate_json(body)
        except ValidationError as error:
            raise of_validation(error) from None
        require_for(principal, permission, command)
        self._check_time(command, principal)
        digest = b""
        if key is not None:
            if not (1 <= len(key) <= KEY_CHARACTERS_MAX and key.isascii() and key.isprintable()):
                raise Malformed(
                    FieldError(
                        "Idempotency-Key",
                        f"must be 1 to {KEY_CHARACTERS_MAX} printable characters of ASCII",
                    )
                )
            digest = hmac.digest(self._secret, body, hashlib.sha256)
        return Request(decision, command, principal, key, digest, if_match)

    def read_batch(self, body: bytes, principal: Principal) -> list[Request | Exception]:
        """Return each command of a batch, or what is wrong with it. Raises Malformed for all."""
        try:
            batch = _decode_batch(body)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$.")
            raise Malformed(FieldError(path.rstrip("`") or "body", message)) from None
        except msgspec.DecodeError as error:
            raise Malformed(FieldError("body", f"is not JSON: {error}")) from None
        except RecursionError:
            raise Malformed(FieldError("body", "is nested too deeply")) from None
        if not 1 <= len(batch.commands) <= COMMANDS_A_BATCH_MAX:
            raise Malformed(
                FieldError("commands", f"must hold 1 to {COMMANDS_A_BATCH_MAX} commands")
            )
        requests: list[Request | Exception] = []
        for item in batch.commands:
            try:
                requests.append(self.read(item.name, bytes(item.body), principal, item.key))
            except (Malformed, UnknownCommand, NotPermitted, NotStrong) as error:
                requests.append(error)
        return requests

    def _check_time(self, command: Command, principal: Principal) -> None:
        stated = command.occurred_at
        if stated is None:
            return
        if not states_time(principal):
            raise Malformed(FieldError("occurred_at", "may be stated by a trusted importer only"))
        if stated.astimezone(UTC) > self._clock() + CLOCK_SKEW_MAX:
            raise Malformed(FieldError("occurred_at", "must not lie in the future"))


def answer_document(answer: Answer) -> dict[str, Any]:
    """Return the body of a 200 or 201."""
    if isinstance(answer, Recorded):
        return {
            "status": "recorded",
            "position": answer.position,
            "version": answer.version,
            "facts": [
                {"id": id_, "type": type_, "position": at, "stream": stream, "version": version}
                for id_, type_, at, stream, version in answer.facts
            ],
            **answer.extra,
        }
    return {"status": "unchanged", "position": answer.position, "version": answer.version}


def result_document(answer: Answer | Exception) -> dict[str, Any]:
    """Return one result of a batch. Raises what is a fault of ours."""
    if isinstance(answer, Exception):
        problem = describe(answer)
        if problem is None:
            raise answer
        return {"status": problem.word, "problem": problem.document}
    document = answer_document(answer)
    if isinstance(answer, Recorded) and answer.replayed:
        document["replayed"] = True
    return document


async def run_batch(
    pipeline: Transacts, requests: Sequence[Request | Exception]
) -> list[Answer | Exception]:
    """Transact what could be read, and keep the others' errors in their places."""
    readable = [request for request in requests if isinstance(request, Request)]
    answers = iter(await pipeline.execute_many(readable))
    return [next(answers) if isinstance(request, Request) else request for request in requests]


def encode_results(answers: Sequence[Answer | Exception]) -> bytes:
    """Return the body of a batch's answer."""
    return _encode({"results": [result_document(answer) for answer in answers]})


def encode_answer(answer: Answer) -> bytes:
    """Return the body of a single command's answer."""
    return _encode(answer_document(answer))
