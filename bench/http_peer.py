"""The peers of bench/http: endpoints that take the same bodies, and record nothing."""

from __future__ import annotations

import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from commands.batch import CommandReader, encode_results
from commands.enrolment.enrol_learner import EnrolLearner
from commands.register import DECISIONS
from commands.requests import FactSummary, Recorded
from domain.access import DEVELOPMENT
from infra.compose import utc_now
from infra.process import calm_garbage_collection
from infra.serve import uvicorn_config

app = FastAPI()
_reader = CommandReader(DECISIONS, b"a secret of thirty-two bytes ....", utc_now)


@app.post("/validate")
async def validate(command: EnrolLearner) -> dict[str, str]:
    """What a FastAPI endpoint costs that only validates the body."""
    return {"subject": command.subject}


@app.post("/batch")
async def batch(request: Request) -> Response:
    """The batch route without deciding and appending: read, validate, and answer as if."""
    requests = _reader.read_batch(await request.body(), DEVELOPMENT)
    fact = FactSummary("0" * 36, "LearnerEnrolled", 1, "main/enrolment/bench/x-1", 1)
    answers = [Recorded(1, 1, (fact,), {}) for _ in requests]
    return Response(encode_results(answers), media_type="application/json")


if __name__ == "__main__":
    config = uvicorn_config(app)
    config.port = int(sys.argv[1])
    calm_garbage_collection()
    asyncio.run(uvicorn.Server(config).serve())
