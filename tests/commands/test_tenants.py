"""What comes of commands about tenants?"""

from __future__ import annotations

from msgspec.structs import replace

from domain.access import DEVELOPMENT
from domain.privacy.facts import LegalHoldPlaced, Receipt
from domain.tenants.facts import (
    HeldLearner,
    TenantErased,
    TenantErasureBegun,
    TenantErasureHeld,
    TenantErasureRequested,
    TenantLearnersErased,
    TenantOpened,
)
from domain.tenants.rules import TenantIsErased, TenantIsOpen, TenantOfInstallation
from tests.given import NOON, Record, given

OPENED = TenantOpened("north", "University of the North")
ASKED = TenantErasureRequested("north", "no-longer-necessary")
BEGUN = TenantErasureBegun("north", "no-longer-necessary")
HELD = TenantErasureHeld("north", 1, (HeldLearner("s1", ("case-1",)),))
ALL = TenantLearnersErased("north", "no-longer-necessary", 3)
ERASED = TenantErased("north", 3, (Receipt("identity.actors", 4),))
ERASE = {"tenant": "north", "ground": "no-longer-necessary"}
OPEN = {"tenant": "north", "title": OPENED.title}
HOLD = {"subject": "s1", "hold": "case-1", "ground": "legal-claim"}


def test_an_erasure_that_a_restored_backup_took_back_is_begun_again() -> None:
    """Nothing keeps it: it had begun before. What the log has of it is not repeated."""
    record = given(OPENED).when("repeat-tenant-erasure", **ERASE)
    after = record.then(replace(ASKED, again=True), replace(BEGUN, again=True))
    after.when("repeat-tenant-erasure", **ERASE).nothing()
    given(OPENED, ASKED).when("repeat-tenant-erasure", **ERASE).then(replace(BEGUN, again=True))
    given(ASKED, HELD).when("repeat-tenant-erasure", **ERASE).then(
        replace(ASKED, again=True), replace(BEGUN, again=True)
    )
    given(ASKED, BEGUN).when("repeat-tenant-erasure", **ERASE).nothing()


def step(record: Record, name: str, **told: object) -> list[object]:
    """The facts that a step is recorded as."""
    body = {"tenant": "north", "step": name, **told}
    return list(record.when("record-tenant-erasure", **body).facts)


def test_a_tenant_is_opened_once() -> None:
    """The same again changes nothing; another title is refused."""
    record = given().when("open-tenant", **OPEN).then(OPENED)
    record.when("open-tenant", **OPEN).nothing()
    again = record.when("open-tenant", tenant="north", title="College of the North")
    again.refused(TenantIsOpen, existing_title=OPENED.title)


def test_a_tenant_is_erased_in_steps_each_recorded_once() -> None:
    """Asked for once; a step out of turn, or told twice, changes nothing."""
    record = given(OPENED).when("erase-tenant", **ERASE).then(ASKED)
    record.when("erase-tenant", **ERASE).nothing()
    assert step(record, "learners-erased", learners=3) == []
    assert step(record, "begun") == [BEGUN]
    assert step(record, "begun") == step(record, "held") == []
    assert step(record, "erased") == []
    assert step(record, "learners-erased", learners=3) == [ALL]
    assert step(record, "learners-erased", learners=4) == []
    receipts = [{"place": "identity.actors", "removed": 4}]
    assert step(record, "erased", learners=3, receipts=receipts) == [ERASED]
    assert step(record, "erased", learners=3, receipts=receipts) == []
    record.when("erase-tenant", **ERASE).nothing()


def test_legal_holds_stop_it_and_it_is_asked_for_again() -> None:
    """Who is held is a fact; nothing goes on by itself."""
    record = given(ASKED)
    held = [{"subject": "s1", "holds": ["case-1"]}]
    assert step(record, "held", learners=1, held=held) == [HELD]
    assert step(record, "begun") == []
    record.when("erase-tenant", **ERASE).then(ASKED)
    assert step(record, "begun") == [BEGUN]


def test_the_name_of_an_erased_tenant_is_not_used_again() -> None:
    """Nor while it is being erased."""
    for record in (given(ASKED), given(ASKED, BEGUN, ALL, ERASED)):
        record.when("open-tenant", **OPEN).refused(TenantIsErased, tenant="north")
    given(ASKED, HELD).when("open-tenant", **OPEN).then(OPENED)


def test_the_installations_own_tenant_cannot_be_erased() -> None:
    """It keeps what happened to the others."""
    given().when("erase-tenant", **(ERASE | {"tenant": "main"})).refused(TenantOfInstallation)


def test_no_hold_is_accepted_that_would_come_too_late() -> None:
    """From when the erasure of the tenant is asked for; after holds stopped it they are again."""
    of_north = replace(DEVELOPMENT, tenant="north")
    placing = ("place-legal-hold", NOON, of_north)
    asked = Record()
    asked.states["main/tenant/main"] = given(ASKED).states["main/tenant/north"]
    asked.when(*placing, **HOLD).refused(TenantIsErased, tenant="north")
    stopped = Record()
    stopped.states["main/tenant/main"] = given(ASKED, HELD).states["main/tenant/north"]
    stopped.when(*placing, **HOLD).then(LegalHoldPlaced("case-1", "legal-claim"))
