"""Who is told of what was refused to somebody who is known?"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Message, Scope, Send

from commands.app import PREFIX
from domain.access import Principal
from infra.security_log import tell

FORBIDDEN, WEAK = 403, 401
"""Not permitted at all, or not without a second factor."""
COMMANDS_REFUSED = {"not-permitted": FORBIDDEN, "second-factor-needed": WEAK}
PATH_CHARACTERS_TOLD = 200


def telling(asking: Principal, scope: Scope, send: Send) -> Send:
    """Return a way to answer that tells what was refused. Commands tell of themselves: of a batch
    each is refused or not."""
    if scope["path"].startswith(PREFIX):
        return send

    async def answer(message: Message) -> None:
        if message.get("status") in (FORBIDDEN, WEAK):
            _tell(asking, f"{scope['method']} {scope['path']}", message["status"])
        await send(message)

    return answer


def commands_told(count: Callable[[str, str], None]) -> Callable[[Principal, str, str], None]:
    """Return what is told of each answer to a command: it counts them, and tells those refused."""

    def answered(asking: Principal, command: str, outcome: str) -> None:
        count(command, outcome)
        if outcome in COMMANDS_REFUSED:
            _tell(asking, f"POST {PREFIX}/{command}", COMMANDS_REFUSED[outcome])

    return answered


def _tell(asking: Principal, what: str, status: int) -> None:
    about = {"actor": asking.actor, "tenant": asking.tenant, "client": asking.client}
    tell("refused", **about, what=what[:PATH_CHARACTERS_TOLD], status=status)
