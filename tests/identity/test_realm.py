"""Does the realm for Keycloak offer what registrar knows, and no way around it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domain.access import Role
from domain.access.deciding import STRONG_ACR
from domain.access.roles import SCOPES

FILE = Path(__file__).parents[2] / "deploy" / "keycloak" / "realm.json"


def realm() -> Any:
    """Return what the file says."""
    return json.loads(FILE.read_text())


def test_it_has_every_role_and_scope() -> None:
    """But for that of policies, which are registrar's own."""
    told = realm()
    assert {one["name"] for one in told["roles"]["realm"]} == set(Role) - {Role.POLICY}
    assert {one["name"] for one in told["clientScopes"]} >= set(SCOPES)


def test_it_asks_for_a_second_factor_by_the_name_that_registrar_knows() -> None:
    levels = json.loads(realm()["attributes"]["acr.loa.map"])
    assert levels[STRONG_ACR] == 2


def test_it_holds_no_account_and_no_secret() -> None:
    """And no client takes passwords, tokens without PKCE, or just any address."""
    told = realm()
    assert not told.get("users")
    for client in told["clients"]:
        assert "secret" not in client
        assert not client["implicitFlowEnabled"]
        assert not client["directAccessGrantsEnabled"]
        assert not any("*" in address for address in client.get("redirectUris", ()))
        if client["standardFlowEnabled"]:
            assert client["attributes"]["pkce.code.challenge.method"] == "S256"


def test_services_are_their_own_subject() -> None:
    """So that registrar knows them for programs that act for themselves."""
    for client in realm()["clients"]:
        subjects = [
            mapper["config"]["claim.value"]
            for mapper in client.get("protocolMappers", ())
            if mapper["config"]["claim.name"] == "sub"
        ]
        assert subjects == ([client["clientId"]] if client["serviceAccountsEnabled"] else [])
