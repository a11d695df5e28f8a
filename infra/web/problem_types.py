"""Which problems can an HTTP answer tell, and what does each mean?"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import NamedTuple

from domain.kernel import Refusal


class ProblemType(NamedTuple):
    """A kind of problem: its name at the end of ``type``, and what it means."""

    name: str
    status: int
    title: str
    explanation: str


TYPES = (
    ProblemType(
        "not-signed-in",
        401,
        "Say who you are",
        "The request carries no access token. Get one from the issuer, and send it as "
        "Authorization: Bearer …; people sign in at /console/sign-in.",
    ),
    ProblemType(
        "wrong-token",
        401,
        "The access token is not good",
        "It has expired, is for somebody else, is of another issuer, or was altered: the detail "
        "says which. Get another one from the issuer.",
    ),
    ProblemType(
        "two-tokens",
        400,
        "The request carries a token where none belongs",
        "One access token is sent, in the Authorization header.",
    ),
    ProblemType(
        "issuer-unavailable",
        503,
        "The issuer cannot be reached",
        "Whether the access token is good cannot be found out, since the keys of the issuer are "
        "not here. Ask again.",
    ),
    ProblemType(
        "not-found",
        404,
        "There is no such thing",
        "Nothing is kept under this address, as far as what has been read of the log says. "
        "After a command, ask with min_position set to the position that it answered.",
    ),
    ProblemType(
        "not-permitted",
        403,
        "You may not do this",
        "Your roles, or the scopes of the program that you use, lack a permission here; the "
        "problem names it. Whether there is what was asked for is not said. An administrator "
        "grants roles; the reference lists what each may do.",
    ),
    ProblemType(
        "second-factor-needed",
        401,
        "This takes a second factor",
        "Sign in again with a second factor (RFC 9470: ask the issuer for the acr_values that "
        "WWW-Authenticate names), and send it with the new token.",
    ),
    ProblemType(
        "unknown-command",
        404,
        "There is no such command",
        "The name after /v1/commands/ is not that of a command. The API documentation lists them.",
    ),
    ProblemType(
        "method-not-allowed",
        405,
        "This address does not take that method",
        "Queries are asked with GET, commands are sent with POST.",
    ),
    ProblemType(
        "invalid-parameter",
        422,
        "A parameter cannot be taken",
        "A parameter is unknown, or its value is out of its range. The errors name each of them.",
    ),
    ProblemType(
        "malformed",
        422,
        "The command is malformed",
        "The body does not have the form of the command. The errors name each field.",
    ),
    ProblemType(
        "malformed-json",
        400,
        "The body is not JSON",
        "The body could not be parsed as JSON.",
    ),
    ProblemType(
        "media-type", 415, "The body must be JSON", "Send it with Content-Type: application/json."
    ),
    ProblemType(
        "too-large", 413, "The body is too large", "Send less at a time; the answer says how much."
    ),
    ProblemType(
        "idempotency-key-reused",
        422,
        "The idempotency key was used with another body",
        "A key stands for one request. Take a new key for another one.",
    ),
    ProblemType(
        "idempotency-key-busy",
        409,
        "A request with this idempotency key is still running",
        "Wait for its answer, or send it again in a moment.",
    ),
    ProblemType(
        "stale-version",
        412,
        "The record has moved on",
        "If-Match names another version than the record has. Read it again and decide anew.",
    ),
    ProblemType(
        "job-not-done",
        409,
        "The job is not done",
        "It waits, runs or failed: its own address says which, and how far it is. Ask for its "
        "result when it is done.",
    ),
    ProblemType(
        "too-many-jobs",
        429,
        "Too many jobs are under way",
        "So many jobs of one asker may wait and run at a time. Wait for one, or delete it.",
    ),
    ProblemType(
        "too-many-requests",
        429,
        "Too many requests",
        "One client may send so many requests a second, and so many at once. "
        "Retry-After says in how many seconds the next one is allowed.",
    ),
    ProblemType(
        "too-slow",
        429,
        "The events were not read",
        "A subscriber that takes nothing for some time is let go. It loses nothing: "
        "the stream goes on where it left off, with Last-Event-ID.",
    ),
    ProblemType(
        "took-too-long",
        503,
        "The answer took too long",
        "It was given up. Whether a command was recorded is not known: send it again with the same "
        "key. A query is asked again, for less or later.",
    ),
    ProblemType(
        "contended",
        503,
        "Others kept changing what this rests on",
        "Nothing was recorded. Send it again.",
    ),
    ProblemType(
        "log-full",
        503,
        "The log has no room left",
        "The disk of the log is full, and nothing was recorded. Whoever runs the server must make "
        "room; then send it again with the same key.",
    ),
    ProblemType(
        "keys-unavailable",
        503,
        "The store of keys cannot be reached",
        "What was sent holds personal fields, which are recorded encrypted or not at all. Nothing "
        "was recorded; send it again. What holds no personal fields is recorded as ever.",
    ),
    ProblemType(
        "log-unavailable",
        503,
        "The log cannot be reached",
        "Whether a command was recorded is not known. Send it again with the same key.",
    ),
    ProblemType(
        "store-unavailable",
        503,
        "What answers queries cannot be reached",
        "The store of the readings, or the log, is away or is being rebuilt. Ask again.",
    ),
    ProblemType(
        "not-yet",
        503,
        "This position is not read yet",
        "The readings did not reach min_position within the time that a query waits. Ask again.",
    ),
    ProblemType(
        "put-aside",
        503,
        "Facts are put aside",
        "Facts could not be read in, and are kept, in order, until that is mended. Without them "
        "what is asked for would be incomplete.",
    ),
    ProblemType(
        "internal-error",
        500,
        "Something is wrong here",
        "A fault of the server, which has noted it under the request id.",
    ),
)


def rules() -> Mapping[str, type[Refusal]]:
    """Return every course rule that can refuse, by name.

    Raises ValueError where two rules have one name: clients could not tell them apart.
    """
    found: dict[str, type[Refusal]] = {}
    waiting = Refusal.__subclasses__()
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        if refusal.rule == Refusal.rule:
            continue
        if refusal.rule in found:
            raise ValueError(f"two rules are called {refusal.rule}")
        found[refusal.rule] = refusal
    return found


def problem_types() -> Mapping[str, ProblemType]:
    """Return every kind of problem by name: those of HTTP, and one for each course rule."""
    return {one.name: one for one in TYPES} | {
        rule: ProblemType(rule, 409, refusal.title, _paragraphs(refusal))
        for rule, refusal in rules().items()
    }


def _paragraphs(refusal: type[Refusal]) -> str:
    """Return what a rule's docstring says, one line a paragraph."""
    told = inspect.cleandoc(refusal.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in told)
