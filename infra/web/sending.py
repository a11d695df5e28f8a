"""How do the console's forms have commands transacted? As whoever is signed in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commands.app import CommandDependencies
from commands.batch import COMMANDS_A_BATCH_MAX, result_document, run_batch
from commands.malformed import Malformed
from commands.problems import UnknownCommand, describe
from commands.requests import Request
from domain.access import Principal
from domain.access.deciding import NotPermitted
from read_api.ports.sending import Sent, ToSend


class PipelineSender:
    """Sends through the pipeline of this process."""

    def __init__(self, commands: CommandDependencies) -> None:
        self._commands = commands

    async def send(self, asking: Principal, commands: Sequence[ToSend]) -> Sequence[Sent]:
        """Transact the commands in order; none of them where one cannot be taken at all.

        Raises NotStrong.
        """
        requests: list[Request] = []
        wrong: list[Sent] = []
        for one in commands:
            body = msgspec.json.encode(one.body)
            try:
                requests.append(self._commands.reader.read(one.name, body, asking, one.key))
                wrong.append(Sent("not sent, because of others"))
            except (Malformed, UnknownCommand, NotPermitted) as error:
                problem = describe(error)
                wrong.append(Sent(problem.document["detail"] if problem else str(error)))
        if len(requests) < len(commands):
            return wrong
        sent: list[Sent] = []
        for first in range(0, len(requests), COMMANDS_A_BATCH_MAX):
            part = requests[first : first + COMMANDS_A_BATCH_MAX]
            for answer in await run_batch(self._commands.pipeline, part):
                told = result_document(answer)
                problem_told = told.get("problem")
                if problem_told is not None:
                    sent.append(Sent(problem_told["detail"]))
                else:
                    sent.append(Sent(None, told["position"]))
        return sent
