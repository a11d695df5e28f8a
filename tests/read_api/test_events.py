"""Do subscribers get every fact, in order, and nothing personal?"""

from __future__ import annotations

import asyncio
from typing import Any

import jsonschema
import msgspec
import pytest

from docs.outside import described
from infra.evidence.epoch import renew
from tests.read_api.world import COURSE, RUN, World

SECONDS_MAX = 10.0


async def subscribe(
    one: World,
    path: str,
    wanted: int,
    last: str | None = None,
    begun: asyncio.Event | None = None,
) -> list[Any]:
    """Read so many events of a stream as an HTTP server would, then hang up; ``begun`` is set at
    the first of them."""
    address, _, query = path.partition("?")
    if last is not None and last.isdigit():
        last = f"{(await one.reads.log.head()).epoch}-{last}"
    headers = [] if last is None else [(b"last-event-id", last.encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }
    events: list[Any] = []
    done = asyncio.Event()
    hangs_up = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        for block in message.get("body", b"").decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[1:])
            if "data" in fields:
                events.append(
                    (
                        int(fields["id"].rpartition("-")[2]),
                        fields["event"],
                        msgspec.json.decode(fields["data"]),
                    )
                )
        if events and begun is not None:
            begun.set()
        if len(events) >= wanted:
            done.set()

    serving = asyncio.create_task(one.app(scope, receive, send))  # type: ignore[arg-type]
    async with asyncio.timeout(SECONDS_MAX):
        await done.wait()
        hangs_up.set()
        await serving
    return events


def test_a_subscriber_gets_everything_after_a_position_in_order(furnished: World) -> None:
    events = furnished.run(subscribe(furnished, "/v1/events?after=0", furnished.position))
    assert [event[0] for event in events] == list(range(1, furnished.position + 1))
    assert [int(event[2]["sequence"]) for event in events] == [event[0] for event in events]
    again = furnished.run(subscribe(furnished, "/v1/events", 3, last="5"))
    assert [event[0] for event in again][:3] == [6, 7, 8]


def test_a_subscriber_gets_what_happens_as_it_happens(empty: World) -> None:
    async def watch_and_act() -> list[Any]:
        watching = asyncio.create_task(subscribe(empty, "/v1/events?after=0", 2))
        for name, body in (("create-course", COURSE), ("schedule-run", RUN)):
            answer = await empty.post(name, body)
            assert answer.status_code == 201, answer.text
        return await watching

    assert [event[1] for event in empty.run(watch_and_act())] == ["CourseCreated", "RunScheduled"]


def test_events_are_cloud_events_without_personal_fields(furnished: World) -> None:
    path = "/v1/events?type=LearnerEnrolled"
    page = furnished.ask(path, accept="application/json").json()
    first = page["events"][0]
    assert first["specversion"] == "1.0"
    assert first["type"] == "registrar.LearnerEnrolled.v1"
    assert (first["subject"], first["partitionkey"]) == ("s1", "main/s1")
    assert first["time"] == "2013-09-01T08:00:00Z"
    assert "demographics" not in first["data"]
    assert first["data"]["mode"] == "verified"
    assert all(name.isalnum() and name == name.lower() for name in first)


@pytest.mark.parametrize(
    ("query", "subjects"),
    [("subject=s2", {"s2"}), ("run=AAA-2013J", {None, "s1", "s2"}), ("run=BBB", set())],
)
def test_events_are_selected(furnished: World, query: str, subjects: set[str | None]) -> None:
    page = furnished.ask(f"/v1/events?{query}&limit=500", accept="application/json").json()
    assert {event.get("subject") for event in page["events"]} == subjects
    assert page["next"] is None


def test_pages_of_events_leave_nothing_out(furnished: World) -> None:
    found: list[int] = []
    query = "limit=4"
    while query:
        page = furnished.ask(f"/v1/events?{query}", accept="application/json").json()
        found += [int(event["sequence"]) for event in page["events"]]
        query = f"limit=4&next={page['next']}" if page["next"] else ""
    assert found == list(range(1, furnished.position + 1))


@pytest.mark.parametrize("last", ["x", "-1", "7", "²", "00ff-²", f"00ff-{2**63}"])
def test_a_position_that_cannot_be_is_refused(furnished: World, last: str) -> None:
    answer = furnished.ask("/v1/events", **{"last-event-id": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def test_a_position_beyond_the_log_is_refused(furnished: World) -> None:
    epoch = furnished.ask("/v1/log").json()["epoch"]
    answer = furnished.ask("/v1/events", **{"last-event-id": f"{epoch}-99999"})
    assert answer.status_code == 422


def test_the_schema_of_every_event_is_found(furnished: World) -> None:
    """By its type or by its dataschema; it is what the reference has, and the data is so."""
    types = {one["type"]: one for one in furnished.ask("/v1/events/schemas").json()["types"]}
    assert types.keys() == described().keys()
    page = furnished.ask("/v1/events?limit=500", accept="application/json").json()
    for event in page["events"]:
        answer = furnished.ask(types[event["type"]]["href"])
        assert answer.headers["content-type"] == "application/schema+json"
        schema = answer.json()
        assert schema["$id"] == event["dataschema"] == types[event["type"]]["dataschema"]
        assert schema == described()[event["type"]]
        jsonschema.Draft202012Validator(schema).validate(event["data"])
    tag = answer.headers["etag"]
    again = furnished.ask(types[event["type"]]["href"], **{"if-none-match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["LearnerEnroled/1", "LearnerEnrolled/9", "Unreadable/1"])
def test_an_event_that_there_is_not_has_no_schema(furnished: World, path: str) -> None:
    assert "There is no event " in furnished.refused(f"/v1/events/schemas/{path}", 404)["detail"]


@pytest.mark.parametrize(
    "path", ["LearnerEnrolled/x", "LearnerEnrolled/0", "LearnerEnrolled/1?a=1"]
)
def test_a_version_that_cannot_be_is_refused(furnished: World, path: str) -> None:
    furnished.refused(f"/v1/events/schemas/{path}", 422)


def test_a_position_of_an_epoch_that_has_ended_is_refused(empty: World, dsn: str) -> None:
    """Where a backup was restored, nobody goes on at a position that means another fact now: an
    open stream says so and ends, and whoever names the epoch that is over is refused."""

    async def epoch() -> str:
        return (await empty.reads.log.head()).epoch

    before = empty.run(epoch())
    assert empty.ask(f"/v1/events?epoch={before}", accept="application/json").status_code == 200

    async def through_a_restore() -> list[Any]:
        begun = asyncio.Event()
        await empty.post("create-course", COURSE)
        path = f"/v1/events?after=0&epoch={before}"
        following = asyncio.create_task(subscribe(empty, path, 2, begun=begun))
        await begun.wait()
        await asyncio.to_thread(renew, dsn)
        await empty.post("create-course", COURSE | {"course": "BBB"})
        return await following

    *_, (_, kind, data) = empty.run(through_a_restore())
    after = empty.run(epoch())
    assert (kind, data) == ("epoch", {"epoch": after})
    assert after != before
    came_back = empty.run(subscribe(empty, "/v1/events", 1, last=f"{before}-1"))
    assert came_back == [(0, "epoch", {"epoch": after})], (
        "whoever comes back with an old id is told"
    )
    anew = empty.run(subscribe(empty, "/v1/events", 2, last=f"{after}-0"))
    assert [event[0] for event in anew] == [1, 2]
    for accept in ("application/json", "text/event-stream"):
        refused = empty.ask(f"/v1/events?after=1&epoch={before}", accept=accept)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["epoch"]
