"""Is a learner given all that is kept about them, by a link that ends?"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

import httpx

from domain.access import Principal, Role
from tests.read_api.world import SECONDS_MAX, World
from tests.server import eventually

OWN = Principal("s1", "main", "test", frozenset({Role.LEARNER}), strong=True)
CANARY = "Lovelace-canary"


def asked(world: World, path: str) -> httpx.Response:
    """Send a request that makes something."""
    return world.run(world._client.post(path))


def exported(world: World, subject: str) -> dict[str, Any]:
    """Ask for an export, and wait until it is done."""
    begun = asked(world, f"/v1/learners/{subject}/exports")
    assert begun.status_code == 202, begun.text
    at = begun.headers["location"]

    async def done() -> dict[str, Any]:
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                found: dict[str, Any] = (await world._client.get(at)).json()
                if found["state"] in ("done", "failed"):
                    return found
                await asyncio.sleep(0.05)

    return world.run(done())


def fetched(world: World, export: dict[str, Any]) -> httpx.Response:
    """Fetch it by a link, which needs nobody signed in."""
    path = f"/v1/learners/{export['subject']}/exports/{export['export']}/link"
    made = asked(world, path)
    assert made.status_code == 201, made.text
    assert made.json()["expires_at"] <= export["expires_at"]
    nobody = world.asked_by(Principal("nobody", "main", "test", frozenset()))
    return nobody.ask(made.json()["link"])


def test_an_export_holds_everything_of_one_learner(empty: World) -> None:
    """Profile, consents and each fact with its personal fields opened; of nobody else."""
    empty.command("register-learner", subject="s1", name=CANARY, email="ada@example.org")
    empty.command("register-learner", subject="s2", name="Somebody else")
    empty.command("register-learner", subject="old", name="Ada")
    empty.command("merge-learners", subject="old", into="s1", reason="One card")
    empty.command(
        "publish-purpose", purpose="research", basis="consent", title="Research", text="All"
    )
    empty.command("give-consent", subject="s1", purpose="research", version=1)
    empty.get("learners/s1/history")
    own = empty.asked_by(OWN)
    export = exported(own, "s1")
    assert export["state"] == "done", export
    assert export["done"] == export["of"]
    answer = fetched(own, export)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["records"] == ["s1", "old"]
    listed = {one["name"] for one in manifest["files"]}
    assert listed | {"manifest.json", "README.txt"} == set(archive.namelist())
    lines = [json.loads(one) for one in archive.read("s1/record.jsonl").splitlines()]
    assert [one["type"] for one in lines] == ["LearnerRegistered", "LearnersMerged", "ConsentGiven"]
    assert lines[0]["personal"]["name"] == CANARY
    assert json.loads(archive.read("s1/profile.json"))["name"]["value"] == CANARY
    assert json.loads(archive.read("s1/consents.json"))["consents"][0]["stands"]
    (away, _) = [json.loads(one) for one in archive.read("old/record.jsonl").splitlines()][::-1]
    assert away["personal"]["reason"] == "One card"
    assert not any(b"Somebody else" in archive.read(name) for name in archive.namelist())
    assert [one["export"] for one in own.get("learners/s1/exports", min_position=None)["exports"]]


def test_what_is_kept_of_an_export_is_sealed(empty: World) -> None:
    """Neither the zip file nor the link stands in the database."""
    empty.command("register-learner", subject="s1", name=CANARY)
    empty.get("learners/s1/history")
    export = exported(empty, "s1")

    async def kept() -> bytes:
        job = await empty.reads.jobs.job("main", export["export"])
        assert job is not None
        return b"".join([piece async for piece in empty.reads.jobs.result(job)])

    stored = empty.run(kept())
    assert b"profile.json" not in stored
    assert CANARY.encode() not in stored
    assert fetched(empty, export).content.startswith(b"PK")


def test_only_who_may_export_gets_a_link(empty: World) -> None:
    """With a second factor; nobody gets to another learner's export through their own."""
    empty.command("register-learner", subject="s1", name=CANARY)
    empty.command("register-learner", subject="s2", name="Bob")
    empty.get("learners/s1/history")
    weak = empty.asked_by(Principal("s1", "main", "test", frozenset({Role.LEARNER})))
    assert asked(weak, "/v1/learners/s1/exports").status_code in (401, 403)
    other = empty.asked_by(Principal("s2", "main", "test", frozenset({Role.LEARNER}), strong=True))
    assert asked(other, "/v1/learners/s1/exports").status_code == 403
    export = exported(empty, "s1")
    assert asked(other, f"/v1/learners/s2/exports/{export['export']}/link").status_code == 404
    assert asked(other, f"/v1/learners/s1/exports/{export['export']}/link").status_code == 403
    assert other.ask("/v1/exports/guessed").status_code == 404


def test_nobody_known_is_told_so_at_once(empty: World) -> None:
    """Over HTTP and in the console; and whoever became known a moment ago is known."""
    asked_for = asked(empty, "/v1/learners/nobody/exports")
    assert (asked_for.status_code, "nobody" in asked_for.text) == (404, True)
    assert asked(empty, "/console/learners/nobody/exports").status_code == 404
    assert empty.ask("/console/learners/nobody/exports").status_code == 404
    empty.command("register-learner", subject="nobody", name="Somebody")
    assert exported(empty, "nobody")["state"] == "done"


def test_the_console_makes_one_and_fetches_it(empty: World) -> None:
    """By forms, and says how far it is; without script."""
    empty.command("register-learner", subject="s1", name=CANARY)
    empty.get("learners/s1/history")
    page = "/console/learners/s1/exports"
    assert "Make one" in empty.ask(page).text
    made = asked(empty, page)
    assert (made.status_code, made.headers["location"]) == (303, page)
    (export,) = empty.get("learners/s1/exports", min_position=None)["exports"]

    eventually(lambda: "Fetch" in empty.ask(page).text, SECONDS_MAX, "the export is done")
    assert "Fetch" in empty.ask(f"{page}/{export['export']}").text
    assert empty.ask(f"{page}/none").status_code == 404
    fetched = asked(empty, f"{page}/{export['export']}")
    assert fetched.status_code == 303
    assert empty.ask(fetched.headers["location"]).content.startswith(b"PK")
    weak = empty.asked_by(Principal("s1", "main", "test", frozenset({Role.LEARNER})))
    assert asked(weak, page).status_code == 401
    other = empty.asked_by(Principal("s2", "main", "test", frozenset({Role.LEARNER}), strong=True))
    assert asked(other, page).status_code == 403
