"""What comes of commands about tenants?"""

from __future__ import annotations

from domain.tenants.facts import TenantOpened
from domain.tenants.rules import TenantIsOpen
from tests.given import given

NORTH = TenantOpened("north", "University of the North")


def test_a_tenant_is_opened_once() -> None:
    """The same again changes nothing; another title is refused."""
    body = {"tenant": "north", "title": NORTH.title}
    record = given().when("open-tenant", **body).then(NORTH)
    record.when("open-tenant", **body).nothing()
    again = record.when("open-tenant", tenant="north", title="College of the North")
    again.refused(TenantIsOpen, existing_title=NORTH.title)
