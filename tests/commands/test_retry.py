"""Does a command that comes twice decide nothing the second time?"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from commands.privacy.record_erasure_step import Step
from commands.register import DECISIONS
from domain.credentials.rules import certificate_id
from domain.kernel import Refusal
from domain.streams import KINDS, REGISTRY
from tests.given import NOON, Record, day

A, B, C, W = "AAA-2013J", "AAA-2014J", "BBB-2013J", "AAA-2015B"
S1, S2, S3 = "oulad-1", "oulad-2", "oulad-3"
CLOSES = NOON + timedelta(days=9)
CERTIFICATE = certificate_id("main", A, S1)
CORRECTED = certificate_id("main", A, S1, 2)


def _dates(first: int) -> dict[str, Any]:
    return {"starts": day(first).isoformat(), "ends": day(first + 200).isoformat()}


ITEMS = [
    {
        "item": "t1",
        "kind": "assignment",
        "title": "T1",
        "category": "TMA",
        "attempts": 2,
        "module": "m1",
    },
    {
        "item": "p1",
        "kind": "peer-task",
        "title": "P",
        "peer": {
            "must_grade": 1,
            "must_be_graded_by": 1,
            "criteria": [{"name": "all", "possible": 5}],
            "flexible": True,
        },
    },
    {"item": "t2", "kind": "quiz", "title": "T2", "category": "TMA", "due": day(3).isoformat()},
    {"item": "x1", "kind": "exam", "title": "X", "time_limit_s": 60, "on_expiry": "abandon"},
    {"item": "t3", "kind": "quiz", "title": "T3", "category": "TMA", "due": day(4).isoformat()},
    {"item": "z1", "kind": "page", "title": "Z", "module": "m2"},
    {"item": "v1", "kind": "video", "title": "V", "duration_ms": 60_000, "threshold": "0.5"},
]
MODULES = [
    {"module": "m1"},
    {"module": "m2", "requires": [{"module": "m1", "minimum_completion": 100}]},
    {"module": "m3", "requires": [{"module": "m1", "minimum_score": 100}]},
]
STEPS = get_args(Step)
CONTENT = {"items": ITEMS, "modules": MODULES, "relocks": True}
POLICY = {
    "categories": [{"name": "TMA", "weight": "1", "minimum": 3, "drop": 1}],
    "cutoffs": [{"letter": "A", "percent": 80}, {"letter": "Pass", "percent": 40}],
}
LATE = {"rate": 10, "missing": 60}
BEGINNING: list[tuple[str, dict[str, Any]]] = [
    ("create-course", {"course": "AAA", "title": "AAA"}),
    ("create-course", {"course": "BBB", "title": "BBB"}),
    *(
        (
            "schedule-run",
            {
                "run": run,
                "course": run[:3],
                "title": run,
                **_dates(0),
                "capacity": capacity,
                "modes": ["audit", "verified"],
                "certificate_modes": ["verified"],
                "carry_progress": run != B,
            },
        )
        for run, capacity in ((A, 1), (B, None), (C, 2))
    ),
    *(("publish-content", {"run": run, **CONTENT}) for run in (A, B, C)),
    ("publish-grading-policy", {"run": A, "policy": POLICY, "late": LATE}),
]
HERE = {"run": A, "subject": S1}
EXAM = {"run": C, "subject": S2, "item": "x1", "attempt": "1"}
TERMS = {"modes": ["audit", "verified"], "weeks_to_complete": 6}
POINTS = [{"criterion": "all", "points": 4}]
LATER = {"run": A, "item": "t1", "reason": "Snow"}
HONESTY = {
    "honor_code": "v1",
    "identity_modes": ["verified"],
    "penalties": [
        {"kind": "plagiarism", "consequences": ["void-attempt"]},
        {"kind": "impersonation", "consequences": ["bar-certificate", "end-enrolment"]},
    ],
}
PURPOSE = {"purpose": "analytics", "basis": "consent", "title": "Analytics", "text": "This"}
NORTH = {"tenant": "north", "title": "University of the North"}
IMPORTED = {"tenant": "north", "checkpoint": "log", "facts": 7, "digest": "00" * 32, "keys": 1}
TENANT_STEPS = ("begun", "learners-erased", "erased")
EVERY_COMMAND: list[tuple[str, dict[str, Any]]] = [
    *BEGINNING,
    ("enrol-learner", {"run": C, "subject": S2}),
    ("start-attempt", EXAM),
    ("set-prerequisite", {"course": "BBB", "prerequisite": {"course": "AAA"}}),
    ("expire-attempt", EXAM),
    ("draft-content", {"run": B, **CONTENT, "relocks": False}),
    ("publish-draft", {"run": B, "draft": 1}),
    ("draft-content", {"run": B, "items": ITEMS}),
    ("discard-draft", {"run": B, "draft": 2}),
    ("publish-content", {"run": B, **CONTENT}),
    ("reschedule-run", {"run": A, **_dates(-3)}),
    ("enrol-learner", {**HERE, "mode": "verified", "demographics": {"gender": "F"}}),
    ("score-missing-work", {**HERE, "item": "t3"}),
    ("view-item", {**HERE, "item": "v1"}),
    ("watch-video", {**HERE, "item": "v1", "start_ms": 0, "end_ms": 50_000, "session": "s"}),
    ("submit-work", {**HERE, "item": "t1", "attempt": "1"}),
    ("decide-modules", HERE),
    ("waive-module", {**HERE, "module": "m3", "reason": "Knows it"}),
    ("withdraw-waiver", {**HERE, "module": "m3", "reason": "Mistake"}),
    ("override-due-date", {**LATER, "cohort": "c1", "due": day(1).isoformat()}),
    ("join-cohort", {**HERE, "cohort": "c1"}),
    ("grant-extension", {**HERE, "item": "t1", "due": day(90).isoformat(), "reason": "Ill"}),
    ("withdraw-extension", {**HERE, "item": "t1", "reason": "Mistake"}),
    ("leave-cohort", {**HERE, "cohort": "c1"}),
    ("override-due-date", {**LATER, "due": day(2).isoformat()}),
    ("redecide-lateness", HERE),
    ("remove-due-override", LATER),
    ("start-attempt", {**HERE, "item": "t1", "attempt": "2"}),
    ("save-work", {**HERE, "item": "t1", "attempt": "2", "artifact": "a" * 64}),
    ("abandon-attempt", {**HERE, "item": "t1", "attempt": "2"}),
    ("report-grader-failure", {**HERE, "item": "t1", "attempt": "1", "grader": "g"}),
    ("grade-submission", {**HERE, "item": "t1", "attempt": "1", "raw": "80.0", "grader": "g"}),
    ("transfer-result", {**HERE, "item": "t2", "raw": 70.5, "possible": 100}),
    ("start-regrade", {"run": A, "batch": "b1", "reason": "Again"}),
    ("complete-regrade", {"run": A, "batch": "b1", "learners": 1}),
    ("override-score", {**HERE, "item": "t1", "score": 90, "reason": "Misread"}),
    ("remove-override", {**HERE, "item": "t1", "reason": "Read again"}),
    ("excuse-item", {**HERE, "item": "t2", "reason": "Ill"}),
    ("withdraw-excuse", {**HERE, "item": "t2", "reason": "Well"}),
    ("compute-grade", HERE),
    ("record-outcome", {**HERE, "result": "pass"}),
    ("publish-integrity-policy", {"run": A, **HONESTY}),
    ("verify-identity", {**HERE, "method": "in-person"}),
    ("accept-honor-code", {**HERE, "version": "v1"}),
    ("submit-work", {**HERE, "item": "p1", "attempt": "1"}),
    ("limit-seats", {"run": A, "capacity": 2}),
    ("enrol-learner", {"run": A, "subject": S2}),
    ("accept-honor-code", {"run": A, "subject": S2, "version": "v1"}),
    ("submit-work", {"run": A, "subject": S2, "item": "p1", "attempt": "1"}),
    ("claim-review", {**HERE, "item": "p1", "review": "r"}),
    ("expire-review-lease", {**HERE, "item": "p1", "review": "r"}),
    ("claim-review", {**HERE, "item": "p1", "review": "r2"}),
    ("submit-review", {**HERE, "item": "p1", "review": "r2", "parts": POINTS}),
    ("claim-review", {"run": A, "subject": S2, "item": "p1", "review": "r"}),
    ("submit-review", {"run": A, "subject": S2, "item": "p1", "review": "r", "parts": POINTS}),
    ("finalize-peer-score", {**HERE, "item": "p1"}),
    ("report-violation", {**HERE, "violation": "x", "kind": "plagiarism", "item": "t1"}),
    ("uphold-violation", {**HERE, "violation": "x", "reason": "Because"}),
    ("dismiss-violation", {**HERE, "violation": "x", "reason": "Because"}),
    ("withhold-grades", {"run": A}),
    ("release-grades", {"run": A}),
    ("allow-certificate", {**HERE, "reason": "Because"}),
    ("bar-certificate", {**HERE, "reason": "Because"}),
    ("lift-certificate-bar", {**HERE, "reason": "Because"}),
    ("issue-certificate", HERE),
    ("reissue-certificate", {**HERE, "certificate": CERTIFICATE, "reason": "Mistake"}),
    ("revoke-certificate", {**HERE, "certificate": CORRECTED, "reason": "Mistake"}),
    ("enrol-learner", {"run": C, "subject": S1, "satisfied_by": A}),
    ("transfer-enrolment", {"subject": S1, "from_run": A, "to_run": B, "carry": ["t1"]}),
    ("withdraw-learner", {"run": B, "subject": S1, "reason": "Moved"}),
    ("limit-seats", {"run": B, "capacity": 5}),
    ("count-seats", {"run": B, "number": 1, "at_position": 40, "taken": []}),
    ("archive-run", {"run": B}),
    ("schedule-run", {"run": W, "course": "AAA", "title": W, **_dates(0), "capacity": 0, **TERMS}),
    ("join-waitlist", {"run": W, "subject": S1}),
    ("join-waitlist", {"run": W, "subject": S2}),
    ("leave-waitlist", {"run": W, "subject": S1}),
    ("reschedule-run", {"run": W, **_dates(0), "opens": day(99).isoformat()}),
    ("limit-seats", {"run": W, "capacity": 1}),
    ("reschedule-run", {"run": W, **_dates(0), "closes": CLOSES.isoformat()}),
    ("offer-seats", {"run": W}),
    ("lapse-offer", {"run": W, "subject": S2}),
    ("limit-seats", {"run": W, "capacity": None}),
    ("reschedule-run", {"run": W, **_dates(0)}),
    ("enrol-learner", {"run": W, "subject": S2, "mode": "verified"}),
    ("change-mode", {"run": W, "subject": S2, "mode": "audit"}),
    ("decide-refund", {"run": W, "subject": S2, "order": "1", "ordered_at": NOON.isoformat()}),
    ("expire-access", {"run": W, "subject": S2}),
    ("grant-role", {"holder": "tutor", "role": "instructor", "run": W}),
    ("revoke-role", {"holder": "tutor", "role": "instructor", "run": W}),
    ("register-learner", {"subject": S1, "name": "Ada", "email": "ada@example.org"}),
    ("register-learner", {"subject": S2, "name": "Ada"}),
    ("change-profile", {"subject": S1, "name": "Ada L.", "clear": ["email"]}),
    ("set-preferences", {"subject": S1, "notices": ["grades"]}),
    ("set-goals", {"subject": S1, "goals": [{"text": "Pass"}]}),
    ("correct-record", {"subject": S1, "position": 7, "fact": str(UUID(int=1)), "statement": "No"}),
    ("publish-purpose", PURPOSE),
    ("publish-retention-rule", {"rule": "default", "months": 84}),
    ("give-consent", {"subject": S1, "purpose": "analytics", "version": 1}),
    ("withdraw-consent", {"subject": S1, "purpose": "analytics"}),
    ("merge-learners", {"subject": S1, "into": S2, "reason": "One"}),
    ("unmerge-learners", {"subject": S1, "into": S2, "reason": "Two"}),
    ("place-legal-hold", {"subject": S2, "hold": "h1", "ground": "legal-claim"}),
    ("erase-learner", {"subject": S2, "ground": "objection"}),
    ("lift-legal-hold", {"subject": S2, "hold": "h1"}),
    *(("record-erasure-step", {"subject": S2, "step": step, "receipts": []}) for step in STEPS),
    ("repeat-erasure", {"subject": S1, "ground": "objection"}),
    ("open-tenant", NORTH),
    ("record-tenant-import", IMPORTED),
    ("erase-tenant", {"tenant": "north", "ground": "objection"}),
    *(("record-tenant-erasure", {"tenant": "north", "step": step}) for step in TENANT_STEPS),
    ("repeat-tenant-erasure", {"tenant": "south", "ground": "objection"}),
]
LATER = {
    "lapse-offer": CLOSES,
    "expire-access": NOON + timedelta(days=90),
    "expire-review-lease": NOON + timedelta(hours=10),
}
"""When what only time brings about is sent."""


def test_every_command_is_tried_below() -> None:
    """Every command of the register takes part in these tests."""
    assert {name for name, _ in EVERY_COMMAND} == set(DECISIONS)
    assert set(BODIES) == set(DECISIONS)


def test_each_command_records_once() -> None:
    """In an orderly life every command records something, and sent again it decides nothing."""
    record = Record()
    for minute, (name, body) in enumerate(EVERY_COMMAND):
        at = LATER.get(name, NOON + timedelta(minutes=minute))
        assert record.when(name, at, **body).facts, name
        record.when(name, at, **body).nothing()


RUNS = st.sampled_from((A, A, B, C, "XXX-1"))


def _learner(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "run": st.sampled_from((A, A, B, C, "XXX-1")),
            "subject": st.sampled_from((S1, S2)),
            **more,
        }
    )


HOLDERS = st.sampled_from(("tutor", "dean", "developer"))


def _person(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"subject": PEOPLE, **more})


PEOPLE = st.sampled_from((S1, S2, S3))
NAME = st.sampled_from(("Ada", "Grace"))
PAIR = st.permutations((S1, S2, S3)).map(
    lambda some: {"subject": some[0], "into": some[1], "reason": "Why"}
)


def _of_learner(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"subject": st.sampled_from((S1, S2)), **more})


ITEM = st.sampled_from(("t1", "t1", "t2", "t3", "x1", "v1", "p1", "none"))
COHORT = st.sampled_from(("c1", "c2"))
PEER_ITEM = st.sampled_from(("p1", "p1", "p1", "t1"))
REVIEW = st.sampled_from(("r1", "r2"))
BATCH = st.sampled_from(("b1", "b2"))
ATTEMPT = st.sampled_from(("1", "2", "3"))
CERTIFICATES = st.sampled_from((CERTIFICATE, CORRECTED))
AMOUNT = st.sampled_from(("0", "40", "80", "80.0", "100"))
BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "create-course": st.sampled_from(
        ({"course": "AAA", "title": "AAA"}, {"course": "CCC", "title": "C"})
    ),
    "set-prerequisite": st.fixed_dictionaries(
        {
            "course": st.sampled_from(("AAA", "BBB")),
            "prerequisite": st.sampled_from(
                (None, {"course": "AAA"}, {"course": "AAA", "minimum_percent": 50})
            ),
        }
    ),
    "schedule-run": st.sampled_from(
        ({"run": "AAA-2015J", "course": "AAA", "title": "x", "capacity": 1, **_dates(0)},)
    ),
    "reschedule-run": st.builds(lambda run, n: {"run": run, **_dates(n)}, RUNS, st.integers(-9, 9)),
    "archive-run": st.just({"run": C}),
    "publish-content": st.builds(
        lambda run, n: {"run": run, **CONTENT, "items": ITEMS[:n]}, RUNS, st.integers(1, 6)
    ),
    "draft-content": st.builds(
        lambda run, n: {"run": run, **CONTENT, "items": ITEMS[:n]}, RUNS, st.integers(1, 6)
    ),
    "publish-draft": st.fixed_dictionaries({"run": RUNS, "draft": st.integers(1, 3)}),
    "discard-draft": st.fixed_dictionaries({"run": RUNS, "draft": st.integers(1, 3)}),
    "publish-grading-policy": st.builds(
        lambda run, late: {"run": run, "policy": POLICY, "late": late},
        RUNS,
        st.sampled_from((None, LATE, {"rate": 5, "interval_seconds": 3_600, "floor": 40})),
    ),
    "limit-seats": st.fixed_dictionaries({"run": RUNS, "capacity": st.none() | st.integers(0, 3)}),
    "count-seats": st.fixed_dictionaries(
        {
            "run": RUNS,
            "number": st.integers(1, 3),
            "at_position": st.just(9),
            "taken": st.lists(st.sampled_from((S1, S2)), unique=True),
        }
    ),
    "enrol-learner": _learner(
        mode=st.sampled_from(("verified", "audit")), satisfied_by=st.sampled_from((None, A, C))
    ),
    "withdraw-learner": _learner(),
    "join-waitlist": _learner(),
    "change-mode": _learner(mode=st.sampled_from(("verified", "audit"))),
    "expire-access": _learner(),
    "decide-refund": _learner(
        order=st.sampled_from(("1", "2")), ordered_at=st.just(day(0).isoformat())
    ),
    "leave-waitlist": _learner(),
    "lapse-offer": _learner(),
    "offer-seats": st.builds(lambda run: {"run": run}, RUNS),
    "transfer-enrolment": st.fixed_dictionaries(
        {
            "subject": st.sampled_from((S1, S2)),
            "from_run": st.just(A),
            "to_run": st.sampled_from((B, C)),
            "carry": st.sampled_from(([], ["t1"])),
        }
    ),
    "transfer-result": _learner(item=ITEM, raw=st.none() | AMOUNT, possible=AMOUNT),
    "view-item": _learner(item=ITEM),
    "watch-video": st.builds(
        lambda body, start, length: {**body, "start_ms": start, "end_ms": start + length},
        _learner(
            item=st.sampled_from(("v1", "v1", "t1")),
            rate=st.sampled_from(("0.5", "1", "4")),
            session=st.sampled_from(("s1", "s2")),
        ),
        st.integers(0, 50_000),
        st.integers(1, 60_000),
    ),
    "submit-work": _learner(item=ITEM, attempt=ATTEMPT),
    "start-attempt": _learner(item=ITEM, attempt=ATTEMPT),
    "save-work": _learner(
        item=ITEM, attempt=ATTEMPT, artifact=st.sampled_from(("a" * 64, "b" * 64))
    ),
    "abandon-attempt": _learner(item=ITEM, attempt=ATTEMPT),
    "expire-attempt": _learner(item=ITEM, attempt=ATTEMPT),
    "report-grader-failure": _learner(item=ITEM, attempt=ATTEMPT, grader=st.just("g")),
    "decide-modules": _learner(),
    "waive-module": _learner(
        module=st.sampled_from(("m1", "m2", "none")), reason=st.just("Knows it")
    ),
    "withdraw-waiver": _learner(
        module=st.sampled_from(("m1", "m2", "none")), reason=st.just("Mistake")
    ),
    "grant-extension": st.builds(
        lambda body, terms: {**body, **terms},
        _learner(item=ITEM, reason=st.just("Ill")),
        st.sampled_from(
            (
                {"due": day(30).isoformat()},
                {"due": day(1).isoformat(), "time_factor": "1.50"},
                {"no_due": True},
                {"attempts": 2},
            )
        ),
    ),
    "withdraw-extension": _learner(item=ITEM, reason=st.just("Mistake")),
    "join-cohort": _learner(cohort=COHORT),
    "leave-cohort": _learner(cohort=COHORT),
    "override-due-date": st.fixed_dictionaries(
        {
            "run": RUNS,
            "item": ITEM,
            "cohort": st.none() | COHORT,
            "due": st.sampled_from((None, day(2).isoformat(), day(25).isoformat())),
            "reason": st.just("Snow"),
        }
    ),
    "remove-due-override": st.fixed_dictionaries(
        {"run": RUNS, "item": ITEM, "cohort": st.none() | COHORT, "reason": st.just("Thaw")}
    ),
    "redecide-lateness": _learner(),
    "grade-submission": _learner(
        item=ITEM, attempt=ATTEMPT, raw=AMOUNT, grader=st.just("g"), regrade=st.none() | BATCH
    ),
    "override-score": _learner(item=ITEM, score=AMOUNT, reason=st.just("why")),
    "remove-override": _learner(item=ITEM, reason=st.just("why")),
    "excuse-item": _learner(item=ITEM, reason=st.just("why")),
    "withdraw-excuse": _learner(item=ITEM, reason=st.just("why")),
    "score-missing-work": _learner(item=ITEM),
    "start-regrade": st.fixed_dictionaries(
        {"run": RUNS, "batch": BATCH, "reason": st.just("why"), "only_if_higher": st.booleans()}
    ),
    "complete-regrade": st.fixed_dictionaries(
        {"run": RUNS, "batch": BATCH, "learners": st.just(2)}
    ),
    "compute-grade": _learner(regrade=st.none() | BATCH),
    "record-outcome": _learner(
        result=st.sampled_from(("pass", "distinction", "fail", "withdrawn"))
    ),
    "issue-certificate": _learner(),
    "revoke-certificate": _learner(certificate=CERTIFICATES, reason=st.just("why")),
    "reissue-certificate": _learner(certificate=CERTIFICATES, reason=st.just("why")),
    "allow-certificate": _learner(reason=st.just("why")),
    "bar-certificate": _learner(reason=st.just("why")),
    "lift-certificate-bar": _learner(reason=st.just("why")),
    "withhold-grades": st.builds(lambda run: {"run": run}, RUNS),
    "release-grades": st.builds(lambda run: {"run": run}, RUNS),
    "publish-integrity-policy": st.builds(
        lambda run, more: {"run": run, **more}, RUNS, st.sampled_from(({}, HONESTY))
    ),
    "report-violation": _learner(
        violation=st.sampled_from(("x", "y")),
        kind=st.sampled_from(("plagiarism", "impersonation")),
        item=ITEM,
    ),
    "uphold-violation": _learner(violation=st.sampled_from(("x", "y")), reason=st.just("Because")),
    "dismiss-violation": _learner(violation=st.sampled_from(("x", "y")), reason=st.just("Because")),
    "claim-review": _learner(item=PEER_ITEM, review=REVIEW),
    "submit-review": _learner(item=PEER_ITEM, review=REVIEW, parts=st.just(POINTS)),
    "expire-review-lease": _learner(item=PEER_ITEM, review=REVIEW),
    "finalize-peer-score": _learner(item=PEER_ITEM),
    "grant-role": st.fixed_dictionaries(
        {
            "holder": HOLDERS,
            "role": st.sampled_from(("instructor", "administrator")),
            "run": st.none() | RUNS,
            "until": st.sampled_from((None, day(9).isoformat())),
        }
    ),
    "revoke-role": st.fixed_dictionaries(
        {
            "holder": HOLDERS,
            "role": st.sampled_from(("instructor", "administrator")),
            "run": st.none() | RUNS,
        }
    ),
    "erase-learner": _of_learner(ground=st.sampled_from(("objection", "consent-withdrawn"))),
    "repeat-erasure": _of_learner(ground=st.just("objection")),
    "place-legal-hold": _of_learner(
        hold=st.sampled_from(("h1", "h2")), ground=st.just("legal-claim")
    ),
    "lift-legal-hold": _of_learner(hold=st.sampled_from(("h1", "h2"))),
    "record-erasure-step": _of_learner(
        step=st.sampled_from(STEPS), receipts=st.just([{"place": "keys", "removed": 1}])
    ),
    "open-tenant": st.just(NORTH),
    "record-tenant-import": st.just(IMPORTED),
    "erase-tenant": st.just({"tenant": "north", "ground": "objection"}),
    "repeat-tenant-erasure": st.just({"tenant": "north", "ground": "objection"}),
    "record-tenant-erasure": st.fixed_dictionaries(
        {
            "tenant": st.just("north"),
            "step": st.sampled_from(("held", *TENANT_STEPS)),
            "learners": st.integers(0, 3),
        }
    ),
    "accept-honor-code": _learner(version=st.sampled_from(("v1", "v2"))),
    "verify-identity": _learner(
        method=st.just("in-person"), expires=st.sampled_from((None, day(1).isoformat()))
    ),
    "register-learner": _person(name=NAME),
    "change-profile": _person(name=NAME, clear=st.sampled_from(((), ("email",)))),
    "set-preferences": _person(notices=st.sampled_from(((), ("grades",)))),
    "set-goals": _person(goals=st.sampled_from(((), ({"text": "Pass"},)))),
    "merge-learners": PAIR,
    "correct-record": _person(
        position=st.just(7), fact=st.just(str(UUID(int=1))), statement=st.sampled_from(("A", "B"))
    ),
    "publish-purpose": st.builds(
        lambda basis, text: {**PURPOSE, "basis": basis, "text": text},
        st.sampled_from(("consent", "contract")),
        st.sampled_from(("This", "That")),
    ),
    "publish-retention-rule": st.builds(
        lambda months, retired: {"rule": "default", "months": months, "retired": retired},
        st.sampled_from((None, 12)),
        st.booleans(),
    ),
    "give-consent": _person(purpose=st.just("analytics"), version=st.integers(1, 3)),
    "withdraw-consent": _person(purpose=st.just("analytics")),
    "unmerge-learners": PAIR,
}
COMMANDS = st.sampled_from(sorted(BODIES)).flatmap(
    lambda name: st.tuples(st.just(name), BODIES[name])
)
LIVES = st.lists(st.tuples(COMMANDS, st.integers(0, 90_000)), max_size=40)


def live(life: list[tuple[tuple[str, dict[str, Any]], int]], *, twice: bool) -> Record:
    """Send a life of commands, some seconds apart; return the record."""
    record = Record()
    for name, body in BEGINNING:
        record.when(name, NOON, **body)
    at = NOON
    for (name, body), pause_seconds in life:
        at += timedelta(seconds=pause_seconds)
        first = record.when(name, at, **body)
        if not twice:
            continue
        again = record.when(name, at, **body)
        if first.refusal is None:
            again.nothing()
        else:
            assert isinstance(again.refusal, Refusal)
            assert again.refusal.rule == first.refusal.rule
    return record


@settings(deadline=None)
@over(LIVES)
def test_a_retry_decides_nothing(life: list[tuple[tuple[str, dict[str, Any]], int]]) -> None:
    """Whatever happened before: the same command again, at the same time, adds nothing.

    Source: style.md, "a retry decides nothing". What was refused is refused again.
    """
    live(life, twice=True)


@settings(deadline=None)
@over(LIVES, st.randoms(use_true_random=False))
def test_evolve_takes_any_part_of_a_history(
    life: list[tuple[tuple[str, dict[str, Any]], int]], chance: random.Random
) -> None:
    """State can be built from any facts of a history in any order: what happened, happened."""
    history = live(life, twice=False).history
    part = chance.sample(history, chance.randint(0, len(history)))
    for kind in KINDS:
        state = kind.initial
        for _, fact, at in part:
            if REGISTRY.of(fact).kind is kind:
                state = kind.evolve(state, fact, at)
        assert type(state) is type(kind.initial)
