"""Is an export made all the same, where the server is killed while it is under way?"""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from domain.evidence.bundles import verify
from infra.evidence.keys import check
from tests.server import Server, eventually

FACTS = 2_000
BATCH = 500
BEGUN_SECONDS_MAX = 30.0
DONE_SECONDS_MAX = 90.0


def told(server: Server, number: int) -> None:
    """Have so many goals set, each a fact with something personal in it."""
    server.command("register-learner", {"subject": "s1", "name": "Ada Lovelace"})
    for first in range(0, number, BATCH):
        goals = [
            {"name": "set-goals", "body": {"subject": "s1", "goals": [{"text": f"Goal {one}"}]}}
            for one in range(first, first + BATCH)
        ]
        answer = server.post("/v1/commands", {"commands": goals})
        assert all(one["status"] == "recorded" for one in answer.body["results"])


def test_a_killed_export_is_begun_anew(data: Path) -> None:
    """By the next process, once the lease has ended; it holds every fact once, and proofs that
    verify."""
    server = Server(data, "--no-example", environment={"REGISTRAR_ACCESS": "off"})
    server.start()
    try:
        told(server, FACTS)
        begun = server.post("/v1/learners/s1/exports", b"").body
        at = f"/v1/learners/s1/exports/{begun['export']}"

        def is_at(*states: str) -> Any:
            found = server.get(at).body
            return found if found["state"] in states else None

        eventually(lambda: is_at("running"), BEGUN_SECONDS_MAX, "the export is under way")
        server.kill()
        server.start()
        left = server.get(at).body
        assert left["state"] == "running", "the control: it was done before the server was killed"
        done = eventually(lambda: is_at("done", "failed"), DONE_SECONDS_MAX, "the export is done")
        assert done["state"] == "done", done
        link = server.post(f"{at}/link", b"").body["link"]
        with urllib.request.urlopen(server.url + link) as answer:  # noqa: S310 - loopback
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    finally:
        server.stop()
    lines = [json.loads(one) for one in archive.read("s1/record.jsonl").splitlines()]
    assert [line["type"] for line in lines].count("GoalsSet") == FACTS
    assert len({line["position"] for line in lines}) == len(lines)
    assert "Goal 0" in lines[1]["personal"]["goals"]
    bundles = [name for name in archive.namelist() if "evidence-" in name]
    assert bundles
    for name in bundles[-1:]:
        verify(archive.read(name), (), check)
