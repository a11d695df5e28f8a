"""Does a machine learn whether this process is well, and how busy?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.streams import REGISTRY
from infra.web.problem_types import problem_types, rules
from projections.ports import StoreUnavailable
from projections.status import DueStatus, FollowerStatus, PartitionStatus, ReadingStatus
from read_api.sentences.sentence import tells
from tests.read_api.test_queries import Away
from tests.read_api.world import COURSE, World

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Told:
    """Says of one reading what a test wants to hear."""

    def __init__(self, **changes: Any) -> None:
        fine = ReadingStatus(
            name="progress",
            version=1,
            generation=1,
            state="live",
            position=9,
            head=9,
            lag_positions=0,
            lag_seconds=0,
            progress=None,
            parked=0,
            moved_at=NOW - timedelta(hours=1),
            error=None,
        )
        self._status = fine._replace(**changes)

    def status(self) -> Sequence[ReadingStatus]:
        return [self._status]

    def followers(self) -> Sequence[FollowerStatus]:
        return []

    def due(self) -> DueStatus:
        return DueStatus(0, 0.0, 0, None)


class ToldOfPolicy(Told):
    """Says of one policy what a test wants to hear, and that the reading is fine."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self._policy = FollowerStatus(
            name="issue-certificate",
            position=9,
            head=9,
            lag_seconds=0.0,
            moved_at=NOW - timedelta(hours=1),
            error=None,
        )._replace(**changes)

    def followers(self) -> Sequence[FollowerStatus]:
        return [self._policy]


class ToldOfScheduler(Told):
    """Says of the scheduler what a test wants to hear."""

    def __init__(self, overdue: int, lag_seconds: float, failing: int = 0) -> None:
        super().__init__()
        self._due = DueStatus(overdue, lag_seconds, failing, "KeyError" if failing else None)

    def due(self) -> DueStatus:
        return self._due


class Silent:
    """Readings that cannot be asked."""

    def status(self) -> Sequence[ReadingStatus]:
        raise StoreUnavailable("gone")


def test_healthz_needs_nothing(furnished: World) -> None:
    assert furnished.but(views=Away(), status=Silent()).ask("/healthz").status_code == 200


def test_a_registrar_that_runs_is_ready(furnished: World) -> None:
    found = furnished.ask("/readyz").json()
    assert found["ready"], found
    assert {"catalogue", "progress", "history", "search"} <= {r["name"] for r in found["readings"]}


def test_ready_while_idle_readings_are_up_to_date(furnished: World) -> None:
    answer = furnished.but(status=Told(), clock=lambda: NOW).ask("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["readings"][0]["lag_positions"] == 0


@pytest.mark.parametrize(
    "swapped",
    [
        {"status": Told(lag_positions=1, lag_seconds=11.0)},
        {"status": Told(state="stalled", error="disk full")},
        {"status": ToldOfPolicy(error="a fact that cannot be read")},
        {"status": ToldOfPolicy(head=10, lag_seconds=11.0)},
        {"status": ToldOfScheduler(3, 11.0)},
        {"status": Silent()},
        {"status": Told(), "runner_alive": lambda: False},
    ],
)
def test_not_ready_when_a_reading_stalls_or_something_is_away(
    furnished: World, swapped: dict[str, Any]
) -> None:
    answer = furnished.but(clock=lambda: NOW, **swapped).ask("/readyz")
    assert answer.status_code == 503
    assert len(answer.json()["faults"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"lag_positions": 1, "lag_seconds": 3.0},
        {"lag_positions": 900, "lag_seconds": 60.0, "moved_at": NOW - timedelta(seconds=1)},
    ],
)
def test_a_reading_that_lags_but_moves_is_no_fault(
    furnished: World, changes: dict[str, Any]
) -> None:
    one = furnished.but(status=Told(**changes), clock=lambda: NOW)
    assert one.ask("/readyz").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"head": 10, "lag_seconds": 0.2},
        {"head": 900, "lag_seconds": 60.0, "moved_at": NOW - timedelta(seconds=1)},
    ],
)
def test_a_policy_that_has_just_been_woken_or_moves_is_no_fault(
    furnished: World, changes: dict[str, Any]
) -> None:
    one = furnished.but(status=ToldOfPolicy(**changes), clock=lambda: NOW)
    assert one.ask("/readyz").status_code == 200


def test_what_fails_and_is_tried_again_is_told_and_no_fault(furnished: World) -> None:
    """It holds nothing up. Metrics and the console tell it too."""
    one = furnished.but(status=ToldOfScheduler(3, 4.0, 2), clock=lambda: NOW)
    answer = one.ask("/readyz")
    assert answer.status_code == 200
    told = {"overdue": 3, "lag_seconds": 4.0, "failing": 2, "error": "KeyError"}
    assert answer.json()["due"] == told
    metrics = one.ask("/metrics").text
    assert "registrar_due_overdue 3.0" in metrics
    assert "registrar_due_lag_seconds 4.0" in metrics
    assert "registrar_due_failing 2.0" in metrics


def test_the_overview_tells_of_the_scheduler(furnished: World) -> None:
    """How many are overdue, since when, and what fails."""
    page = furnished.ask("/console").text
    assert "<strong>scheduler</strong>" in page
    assert "nothing overdue" in page


def test_metrics_count_by_route_and_tell_how_far_readings_are(furnished: World) -> None:
    partitions = tuple(PartitionStatus(n, 9 - n, 3 - n, 0.5) for n in range(2))
    one = furnished.but(status=Told(lag_positions=3, parked=2, partitions=partitions))
    one.ask("/v1/runs/AAA-2013J")
    one.ask("/v1/runs/NOPE")
    one.ask("/v1/nothing/here")
    text = one.ask("/metrics").text
    route = 'method="GET",route="/v1/runs/{run}"'
    assert f'registrar_http_requests_total{{{route},status="200"}} 1.0' in text
    assert f'registrar_http_requests_total{{{route},status="404"}} 1.0' in text
    assert "NOPE" not in text
    assert 'route="other",status="404"' in text
    for number, lag in ((0, 3.0), (1, 2.0)):
        reading = f'{{partition="{number}",reading="progress"}}'
        assert f"registrar_reading_lag_positions{reading} {lag}" in text
        assert f"registrar_reading_lag_seconds{reading} 0.5" in text
    assert 'registrar_reading_parked{reading="progress"} 2.0' in text
    assert "registrar_stores_reachable 1.0" in text
    assert "registrar_stores_reachable 0.0" in one.but(status=Silent()).ask("/metrics").text


def test_refusals_are_counted_by_rule(empty: World) -> None:
    empty.command("create-course", **COURSE)
    metrics = empty.registrar.metrics
    metrics.answered("enrol-learner", "run-unknown")
    metrics.answered("made-up", "made-up")
    counted = metrics.registry.get_sample_value
    assert counted("registrar_refusals_total", {"rule": "run-unknown"}) == 1
    made_up = {"command": "other", "outcome": "other"}
    assert counted("registrar_commands_total", made_up) == 1


def test_every_problem_is_explained_to_programs_and_to_people(furnished: World) -> None:
    listed = furnished.ask("/problems").json()["problems"]
    assert {one["type"] for one in listed} == {f"/problems/{name}" for name in problem_types()}
    assert len(rules()) > 20
    for one in listed:
        told = furnished.ask(one["type"]).json()
        assert told == one
        assert len(told["explanation"]) > 20
        page = furnished.ask(one["type"], accept="text/html")
        assert page.headers["content-type"].startswith("text/html")
    assert "<li>" in furnished.ask("/problems", accept="text/html").text
    assert furnished.refused("/problems/nothing", 404)


def test_wrong_methods_and_addresses_are_problems(furnished: World) -> None:
    assert furnished.refused("/v1/commands", 405)["type"] == "/problems/method-not-allowed"
    assert furnished.refused("/nothing", 404)["type"] == "/problems/not-found"


class Broken:
    """Views with a fault in them."""

    def at(self, *_: str, **__: str | None) -> Any:
        raise ZeroDivisionError("a secret detail")


def test_a_fault_is_told_by_request_id_and_nothing_more(furnished: World) -> None:
    answer = furnished.but(views=Broken()).ask("/v1/runs")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-error"
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert "secret" not in answer.text


def test_every_query_is_described_with_its_answer(furnished: World) -> None:
    document = furnished.ask("/openapi.json").json()
    described = {path: item["get"] for path, item in document["paths"].items() if "get" in item}
    paths = {path: route for path, route in described.items() if path.startswith("/v1/")}
    assert len(paths) >= 18
    raw = {
        "/v1/learners/{subject}/evidence",
        "/v1/log/checkpoint",
        "/v1/runs/{run}/gradebook.csv",
        "/v1/exports/{token}",
        "/v1/jobs/{job}/result",
        "/v1/log/keys",
        "/v1/log/tile/{level}/{named}",
    }
    assert raw <= {*paths}
    for path in {*paths} - raw:
        (content,) = paths[path]["responses"]["200"]["content"].values()
        schema = content["schema"]
        assert schema["properties"]
        assert "$ref" not in str(schema)
    parameters = [one["name"] for one in paths["/v1/learners/{subject}/history"]["parameters"]]
    assert {"as_of_position", "as_of_recorded", "as_of_occurred", "limit", "next"} <= {*parameters}


@pytest.mark.parametrize("name", sorted(REGISTRY.types))
def test_every_fact_has_a_sentence(name: str) -> None:
    assert tells(REGISTRY.types[name].cls)
