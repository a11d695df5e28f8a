"""What may anybody ask for, and nothing beside it?"""

from __future__ import annotations

import pytest

from infra.web.open_paths import OPEN, Open, is_open


def asked(path: str, address: str = "127.0.0.1") -> bool:
    """Whether somebody there may ask for this without saying who they are."""
    return is_open({"type": "http", "path": path, "client": (address, 1)})


@pytest.mark.parametrize("one", OPEN, ids=lambda one: one.path)
def test_what_is_open_is_open_by_itself_only(one: Open) -> None:
    """Not what begins alike, and what lies below only where the table says so."""
    path = one.path
    assert asked(path)
    assert asked(f"{path}/x") == one.below
    assert not asked(f"{path}x")
    assert not asked(path.upper())
    assert not asked(f"/{path}")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/log", "/v1/commands", "/console", "/console/learners/s1", "/docsx/y"],
)
def test_everything_else_is_closed(path: str) -> None:
    assert not asked(path)


def test_figures_are_for_this_machine() -> None:
    """They tell how many learners there are, and what goes wrong."""
    assert asked("/metrics", "::1")
    assert not asked("/metrics", "10.0.0.7")
    assert asked("/healthz", "10.0.0.7")
    assert not is_open({"type": "http", "path": "/metrics", "client": None})
