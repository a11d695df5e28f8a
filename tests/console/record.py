"""Which small record do the journeys through the console go through?"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.server import Server

RUN = "HIS-2014B"
ANNA = "anna-7f2"
BEN = "ben-03c"
TMA1_DUE = "2014-05-01T23:59:59Z"
SCRIPTED = '<img src=x onerror="alert(1)">'
"""A title that would be markup if anything were taken as markup."""

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create-course", {"course": "HIS", "title": "A history of records"}),
    (
        "schedule-run",
        {
            "run": RUN,
            "course": "HIS",
            "title": "A history of records, spring 2014",
            "starts": "2014-02-03T00:00:00Z",
            "ends": "2014-07-01T00:00:00Z",
            "modes": ["audit", "verified"],
            "certificate_modes": ["verified"],
            "occurred_at": "2013-11-01T09:00:00Z",
        },
    ),
    (
        "publish-content",
        {
            "run": RUN,
            "items": [
                {
                    "item": "tma1",
                    "kind": "assignment",
                    "title": "TMA 1",
                    "category": "TMA",
                    "due": TMA1_DUE,
                },
                {"item": "tma2", "kind": "assignment", "title": "TMA 2", "category": "TMA"},
                {"item": "odd", "kind": "page", "title": SCRIPTED},
            ],
            "occurred_at": "2013-11-02T09:00:00Z",
        },
    ),
    (
        "publish-grading-policy",
        {
            "run": RUN,
            "policy": {
                "kind": "weighted",
                "categories": [{"name": "TMA", "weight": "1"}],
                "cutoffs": [{"letter": "Pass", "percent": 40}],
            },
            "occurred_at": "2013-11-02T10:00:00Z",
        },
    ),
    (
        "enrol-learner",
        {
            "run": RUN,
            "subject": ANNA,
            "mode": "verified",
            "occurred_at": "2014-01-10T08:00:00Z",
        },
    ),
    ("enrol-learner", {"run": RUN, "subject": BEN, "occurred_at": "2014-01-11T08:00:00Z"}),
    (
        "withdraw-learner",
        {
            "run": RUN,
            "subject": BEN,
            "reason": "Moved away.",
            "occurred_at": "2014-03-01T20:00:00Z",
        },
    ),
    (
        "view-item",
        {"run": RUN, "subject": ANNA, "item": "odd", "occurred_at": "2014-02-05T10:00:00Z"},
    ),
    (
        "submit-work",
        {
            "run": RUN,
            "subject": ANNA,
            "item": "tma1",
            "attempt": "1",
            "occurred_at": "2014-05-02T12:00:00Z",
        },
    ),
    (
        "grade-submission",
        {
            "run": RUN,
            "subject": ANNA,
            "item": "tma1",
            "attempt": "1",
            "raw": "72.5",
            "grader": "tutor-9",
            "occurred_at": "2014-05-05T18:00:00Z",
        },
    ),
    (
        "record-outcome",
        {
            "run": RUN,
            "subject": ANNA,
            "result": "pass",
            "occurred_at": "2014-07-02T09:00:00Z",
        },
    ),
)


PEERS = "HIS-2014P"
CLEO = "cleo-5d1"
_OF_CLEO = {"run": PEERS, "subject": CLEO}
DORA = "dora-9b4"
_OF_DORA = {"run": PEERS, "subject": DORA}
_ESSAY = {"item": "essay", "attempt": "1"}
REVIEWED: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "schedule-run",
        {
            "run": PEERS,
            "course": "HIS",
            "title": "A history of records, among peers",
            "starts": "2014-02-03T00:00:00Z",
            "ends": "2099-07-01T00:00:00Z",
            "certificate_modes": ["audit"],
        },
    ),
    (
        "publish-content",
        {
            "run": PEERS,
            "items": [
                {
                    "item": "essay",
                    "kind": "peer-task",
                    "title": "An essay",
                    "peer": {
                        "must_grade": 1,
                        "must_be_graded_by": 1,
                        "criteria": [{"name": "all", "possible": 5}],
                    },
                }
            ],
        },
    ),
    (
        "publish-integrity-policy",
        {
            "run": PEERS,
            "honor_code": "2014-1",
            "penalties": [{"kind": "collusion", "consequences": ["bar-certificate"]}],
        },
    ),
    *(
        command
        for own in (_OF_CLEO, _OF_DORA)
        for command in (
            ("enrol-learner", own),
            ("accept-honor-code", {**own, "version": "2014-1"}),
            ("submit-work", {**own, **_ESSAY}),
        )
    ),
    ("verify-identity", {**_OF_CLEO, "method": "in-person", "expires": "2099-01-01T00:00:00Z"}),
    ("claim-review", {**_OF_CLEO, "item": "essay", "review": "r1"}),
    ("report-violation", {**_OF_CLEO, "violation": "v1", "kind": "collusion", "item": "essay"}),
    ("uphold-violation", {**_OF_CLEO, "violation": "v1", "reason": "Admitted."}),
    ("report-violation", {**_OF_CLEO, "violation": "v2", "kind": "collusion"}),
)
"""A run among peers, in which one learner has a review under way and violations."""


class Site(NamedTuple):
    """A running server with the record in it, and the id of Anna's certificate."""

    url: str
    certificate: str


def load(server: Server) -> Site:
    """Send the commands, and wait until the readings have them and the certificate is there."""
    for name, body in (*COMMANDS, *REVIEWED):
        answer = server.command(name, body)
        assert answer.status == 201, (name, answer)
    issue = {"run": RUN, "subject": ANNA, "occurred_at": "2014-07-02T09:00:00Z"}
    issued = server.command("issue-certificate", issue)
    assert issued.status in (200, 201), issued
    position = issued.body["position"]
    path = f"/v1/enrolments/{RUN}/{ANNA}?min_position={position}"
    enrolment = server.get(path).body
    for readings in ("runs", f"learners/{ANNA}/history", "search?q=anna", f"analytics/runs/{RUN}"):
        joint = "&" if "?" in readings else "?"
        answer = server.get(f"/v1/{readings}{joint}min_position={position}")
        assert answer.status == 200, answer
    return Site(server.url, enrolment["certificate"])
