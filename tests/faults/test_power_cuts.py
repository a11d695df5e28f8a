"""Is what was acknowledged on the disk when the power is cut?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import psycopg
import pytest

from infra.engines.account import EngineError
from tests.conftest import ONLY_FOR
from tests.faults.cutting import Place, acknowledged, cut_under_load, place
from tests.faults.history import assert_each_once
from tests.faults.load import Load, open_run, resend_all
from tests.faults.power import missing

CUTS, COMMANDS = 2, 150


@pytest.fixture(autouse=True)
def _power() -> None:
    if needed := missing():
        pytest.skip(f"{ONLY_FOR} {needed}")


@pytest.mark.parametrize("settings", [{}, {"synchronous_commit": "off"}], ids=["as is", "hasty"])
def test_nothing_acknowledged_is_lost(settings: Mapping[str, str]) -> None:
    """Cut under load again and again; also on a server whose own setting would lose commits."""
    with place(settings) as here:
        loads = cut_under_load(here, CUTS, COMMANDS, print)
        for load in loads:
            resend_all(here.server, load)
        assert_each_once(here.disk.postgres.dsn, *loads)


def test_without_fsync_it_would_be() -> None:
    """The control: the same cut finds facts that were acknowledged and are not on the disk."""
    with place({"fsync": "off"}) as here:
        open_run(here.server)
        here.disk.settle()
        with Load(here.server) as load:
            acknowledged(load, COMMANDS)
            here.disk.cut()
            told = set(load.acknowledged)
        assert told - on_disk(here)


def on_disk(here: Place) -> set[str]:
    """Return whose commands are there when the power is back."""
    with suppress(EngineError):  # what was never written may be what it needs to start
        here.disk.restore()
        with psycopg.connect(here.disk.postgres.dsn) as connection:
            rows = connection.execute("select subject from log.facts where subject is not null")
            return {subject for (subject,) in rows}
    return set()
