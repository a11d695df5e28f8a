"""How is what went wrong with a command told to a client? (RFC 9457)"""

from __future__ import annotations

from typing import Any, NamedTuple

from commands.malformed import Malformed
from commands.ports import KeysUnavailable, LogFull, LogUnavailable
from commands.requests import Contended, KeyBusy, KeyReused, StaleVersion
from domain.access.deciding import NotPermitted, NotStrong
from domain.kernel import Refusal

RETRY_AFTER_SECONDS = 1


class UnknownCommand(Exception):
    """There is no command of this name."""


class TooLarge(Exception):
    """The body is larger than what is taken; the argument is the limit in bytes."""


class WrongMethod(Exception):
    """Commands are sent with POST; the argument is the method that was used."""


class WrongMediaType(Exception):
    """The body is not declared as JSON."""


class Problem(NamedTuple):
    """A problem document, with its HTTP status and the result's word in a batch."""

    status: int
    word: str
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """The name at the end of the document's type."""
        return str(self.document["type"]).rpartition("/")[2]


def _problem(
    status: int, word: str, name: str, title: str, detail: str, /, **extra: Any
) -> Problem:
    """Make a problem. What a refusal judged by may have any name but those of the document."""
    document = {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail}
    return Problem(status, word, document | extra | document)


def describe(error: Exception) -> Problem | None:
    """Return the problem that a client is told; None for what is a fault of ours."""
    match error:
        case Refusal():
            return _problem(
                409,
                "refused",
                error.rule,
                error.title,
                error.detail,
                rule=error.rule,
                **error.values,
            )
        case Malformed():
            return _problem(
                422,
                "invalid",
                "malformed",
                "The command is malformed",
                str(error),
                errors=[field._asdict() for field in error.errors],
            )
        case KeyReused():
            return _problem(
                422,
                "invalid",
                "idempotency-key-reused",
                "The idempotency key was used with another body",
                "Idempotency-Key: this key already stands for another request.",
                errors=[{"field": "Idempotency-Key", "message": "was used with another body"}],
            )
        case KeyBusy():
            return _problem(
                409,
                "unavailable",
                "idempotency-key-busy",
                "A request with this idempotency key is still running",
                "Wait for its answer, or send it again in a moment.",
            )
        case StaleVersion():
            return _problem(
                412,
                "refused",
                "stale-version",
                "The record has moved on",
                f"If-Match names version {error.expected}, and it is at {error.actual}.",
                expected=error.expected,
                actual=error.actual,
            )
        case Contended():
            return _problem(
                503,
                "unavailable",
                "contended",
                "Others kept changing what this rests on",
                "Nothing was recorded. Send it again.",
            )
        case LogFull():
            return _problem(
                503,
                "unavailable",
                "log-full",
                "The log has no room left",
                "Nothing was recorded. Send it again with the same key when there is room.",
            )
        case KeysUnavailable():
            return _problem(
                503,
                "unavailable",
                "keys-unavailable",
                "The store of keys cannot be reached",
                "Nothing was recorded, as it holds personal fields. Send it again.",
            )
        case LogUnavailable():
            return _problem(
                503,
                "unavailable",
                "log-unavailable",
                "The log cannot be reached",
                "Whether the command was recorded is not known. Send it again with the same key.",
            )
        case NotPermitted():
            return _problem(
                403,
                "refused",
                "not-permitted",
                "You may not do this",
                str(error),
                permission=error.permission,
            )
        case NotStrong():
            return _problem(
                401,
                "refused",
                "second-factor-needed",
                "This takes a second factor",
                str(error),
                permission=error.permission,
            )
        case UnknownCommand():
            return _problem(
                404, "invalid", "unknown-command", "There is no such command", str(error)
            )
        case TooLarge():
            return _problem(
                413,
                "invalid",
                "too-large",
                "The body is too large",
                f"At most {error.args[0]} bytes are taken.",
                limit_bytes=error.args[0],
            )
        case WrongMethod():
            return _problem(
                405,
                "invalid",
                "method-not-allowed",
                "This address does not take that method",
                f"Commands are sent with POST, not {error}.",
            )
        case WrongMediaType():
            return _problem(
                415,
                "invalid",
                "media-type",
                "The body must be JSON",
                "Send it with Content-Type: application/json.",
            )
    return None
