"""When is a learner forgotten, and what keeps that?"""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from domain.kernel import Fact
from domain.privacy.facts import (
    CachesDropped,
    EpochKeyDestroyed,
    ErasureBegun,
    ErasureHeld,
    ErasureRequested,
    IndexPurged,
    KeyDestroyed,
    LegalHoldLifted,
    LegalHoldPlaced,
    Receipt,
    RowsDeleted,
    SubjectErased,
    TombstonesWritten,
)
from domain.privacy.rules import ErasureUnderWay, HoldUnknown
from tests.given import NOON, SUBJECT, Placed, given

GROUND = "consent-withdrawn"
ONE = ({"place": "keys", "removed": 1},)
RECEIPTS = (Receipt("keys", 1),)
STEPS: dict[str, Fact] = {
    "key-destroyed": KeyDestroyed(3, NOON, RECEIPTS),
    "caches-dropped": CachesDropped(RECEIPTS),
    "rows-deleted": RowsDeleted(RECEIPTS),
    "index-purged": IndexPurged(RECEIPTS),
    "tombstones-written": TombstonesWritten(RECEIPTS),
    "epoch-key-destroyed": EpochKeyDestroyed(3, RECEIPTS),
}


def of_learner(*facts: Fact) -> list[Placed]:
    return [Placed(f"main/erasure/{SUBJECT}", fact, NOON) for fact in facts]


ASKED = of_learner(ErasureRequested(GROUND), ErasureBegun(GROUND))
HELD = of_learner(
    LegalHoldPlaced("h1", "legal-claim"),
    LegalHoldPlaced("h2", "legal-claim"),
    ErasureRequested(GROUND),
    ErasureHeld(("h1", "h2")),
)


def test_an_erasure_begins_at_once_where_nothing_keeps_it() -> None:
    """Once; another ground changes nothing."""
    record = (
        given()
        .when("erase-learner", subject=SUBJECT, ground=GROUND)
        .then(ErasureRequested(GROUND), ErasureBegun(GROUND))
    )
    record.when("erase-learner", subject=SUBJECT, ground="objection").nothing()


def test_an_erasure_waits_for_the_last_legal_hold() -> None:
    """Then it begins by itself, on the ground that was given."""
    record = given(*HELD[:2]).when("erase-learner", subject=SUBJECT, ground=GROUND)
    after = record.then(ErasureRequested(GROUND), ErasureHeld(("h1", "h2")))
    after = after.when("lift-legal-hold", subject=SUBJECT, hold="h1").then(LegalHoldLifted("h1"))
    after = after.when("lift-legal-hold", subject=SUBJECT, hold="h2").then(
        LegalHoldLifted("h2"), ErasureBegun(GROUND)
    )
    after.when("lift-legal-hold", subject=SUBJECT, hold="h2").nothing()


def test_a_hold_comes_too_late_once_the_erasure_has_begun() -> None:
    """While it is held, another may be placed; a hold that never was cannot be lifted."""
    hold = {"subject": SUBJECT, "ground": "legal-claim"}
    given(*ASKED).when("place-legal-hold", **hold, hold="h9").refused(
        ErasureUnderWay, subject=SUBJECT
    )
    record = given(*HELD).when("place-legal-hold", **hold, hold="h3")
    record.then(LegalHoldPlaced("h3", "legal-claim"))
    given(*HELD).when("place-legal-hold", **hold, hold="h1").nothing()
    given(*HELD).when("lift-legal-hold", subject=SUBJECT, hold="h9").refused(
        HoldUnknown, subject=SUBJECT, hold="h9"
    )


def test_no_hold_keeps_an_erasure_that_was_done_before() -> None:
    """The ledger says that the key is destroyed already: only the log was restored."""
    again = {"subject": SUBJECT, "ground": GROUND}
    record = given(*HELD[:2]).when("repeat-erasure", **again)
    after = record.then(ErasureRequested(GROUND, again=True), ErasureBegun(GROUND))
    after.when("repeat-erasure", **again).nothing()
    given(*HELD).when("repeat-erasure", **again).then(ErasureBegun(GROUND))


def test_steps_are_recorded_in_order_and_once() -> None:
    """After the last one all is erased, with a digest over all receipts."""
    record = given(*ASKED)
    for step, fact in STEPS.items():
        body = {"subject": SUBJECT, "step": step, "receipts": ONE, "epoch": 3}
        done = record.when("record-erasure-step", **body)
        if step == "epoch-key-destroyed":
            told = msgspec.json.encode([[{"place": "keys", "removed": 1}]] * 6)
            done.then(fact, SubjectErased(hashlib.sha256(told).hexdigest()))
        else:
            done.then(fact)
        record.when("record-erasure-step", **body).nothing()


@pytest.mark.parametrize("step", STEPS)
def test_no_step_is_recorded_before_its_turn(step: str) -> None:
    """Nor any while the erasure is held."""
    body = {"subject": SUBJECT, "step": step, "receipts": ONE}
    given(*HELD).when("record-erasure-step", **body).nothing()
    if step != "key-destroyed":
        given(*ASKED).when("record-erasure-step", **body).nothing()
