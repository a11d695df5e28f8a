"""The peers of bench/http: endpoints that take the same bodies, and record nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response

from bench.http import RUN_COMMANDS
from commands.batch import CommandReader, encode_results, run_batch
from commands.enrolment.enrol_learner import EnrolLearner
from commands.pipeline import Pipeline
from commands.ports import Append, Appended, Outcome
from commands.register import DECISIONS
from commands.requests import FactSummary, Recorded
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.compose.parts import utc_now
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog
from infra.process import calm_garbage_collection
from infra.serve import uvicorn_config
from infra.settings.fields import Settings

NOW = datetime.now(UTC)


class WithoutAppend(MemoryLog):
    """A log that keeps the catalogue, and of all that follows only says that it is recorded."""

    kept = True

    def submit(
        self, request: Append, after: Sequence[asyncio.Future[Outcome]] = ()
    ) -> asyncio.Future[Outcome]:
        """Answer at once."""
        if self.kept:
            return super().submit(request, after)
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        done.set_result(Appended(1, NOW))
        return done


app = FastAPI()
_reader = CommandReader(DECISIONS, b"a secret of thirty-two bytes ....", utc_now)
_log = WithoutAppend(REGISTRY)
_pipeline = Pipeline(_log, MemoryKeys(), REGISTRY, utc_now)


@app.post("/validate")
async def validate(command: EnrolLearner) -> dict[str, str]:
    """What a FastAPI endpoint costs that only validates the body."""
    return {"subject": command.subject}


@app.post("/batch")
async def batch(request: Request) -> Response:
    """The batch route without append: read, validate, decide, and answer."""
    requests = _reader.read_batch(await request.body(), DEVELOPMENT)
    answers = await run_batch(_pipeline, requests)
    return Response(encode_results(answers), media_type="application/json")


@app.post("/batch-validated")
async def batch_validated(request: Request) -> Response:
    """The batch route without deciding either: read, validate, and answer as if."""
    requests = _reader.read_batch(await request.body(), DEVELOPMENT)
    fact = FactSummary("0" * 36, "LearnerEnrolled", 1, "main/enrolment/bench/x-1", 1)
    answers = [Recorded(1, 1, (fact,), {}) for _ in requests]
    return Response(encode_results(answers), media_type="application/json")


async def _serve(port: int) -> None:
    for name, body in RUN_COMMANDS:
        await _pipeline.execute(_reader.read(name, msgspec.json.encode(body), DEVELOPMENT))
    _log.kept = False
    config = uvicorn_config(app, Settings())
    config.port = port
    calm_garbage_collection()
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
