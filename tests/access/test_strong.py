"""Is a second factor asked for where a slip of the hand or a stolen token would cost most?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from commands.register import DECISIONS
from domain.access import Principal, Role
from domain.access.commands import COMMANDS
from domain.access.permissions import STRONG
from tests.read_api.world import World

WEAK = Principal(
    "dean", "main", "app", frozenset({Role.REGISTRAR, Role.AUDITOR, Role.ADMINISTRATOR})
)
STRONG_ONE = msgspec.structs.replace(WEAK, strong=True)
COSTLY = sorted(name for name, permission in COMMANDS.items() if permission in STRONG)


def challenge(headers: Any) -> str:
    """Return what RFC 9470 has a client do."""
    found: str = headers["www-authenticate"]
    assert found.startswith('Bearer error="insufficient_user_authentication"')
    return found


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_command_takes_a_second_factor(furnished: World, name: str) -> None:
    body = DECISIONS[name].example
    answer = furnished.run(furnished.asked_by(WEAK).post(name, body))
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/second-factor-needed")
    assert 'acr_values="urn:registrar:second-factor"' in challenge(answer.headers)
    again = furnished.run(furnished.asked_by(STRONG_ONE).post(name, body))
    assert again.status_code not in (401, 403)


def test_what_is_costly() -> None:
    assert {"override-score", "excuse-item", "grant-role", "revoke-role"} <= set(COSTLY)


def test_an_export_takes_a_second_factor(furnished: World) -> None:
    path = f"/v1/learners/s1/evidence?min_position={furnished.position}"
    answer = furnished.asked_by(WEAK).ask(path)
    assert answer.status_code == 401
    challenge(answer.headers)
    assert furnished.asked_by(STRONG_ONE).ask(path).status_code == 200
    own = Principal("s1", "main", "app", frozenset({Role.LEARNER}))
    assert furnished.asked_by(own).ask(path).status_code == 401


def test_a_program_that_acts_for_itself_has_no_second_factor(furnished: World) -> None:
    scopes = frozenset({"export"})
    program = Principal("service~a", "main", "a", frozenset(), {}, scopes, service=True)
    path = f"/v1/learners/s1/evidence?min_position={furnished.position}"
    assert furnished.asked_by(program).ask(path).status_code == 200
