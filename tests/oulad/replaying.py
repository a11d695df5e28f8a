"""How is OULAD replayed, and held against its files?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Set
from typing import Any

import psycopg

from tests.oulad import expected, readings
from tests.server import Server, eventually

REPLAY_SECONDS_MAX = 400
READ_SECONDS_MAX = 120


def replay(server: Server, *runs: str) -> tuple[int, dict[str, Any]]:
    """Replay these runs (none named: all) and return the exit code and the report."""
    done = subprocess.run(
        command(server, *runs), capture_output=True, timeout=REPLAY_SECONDS_MAX, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def command(server: Server, *runs: str) -> list[str]:
    """Return the command line of a replay."""
    start = [sys.executable, "-m", "infra.cli.main", "replay", "oulad", "--json"]
    chosen = [part for run in runs for part in ("--run", run)]
    return [*start, "--url", server.url, *chosen]


def settled(dsn: str, certificates: int) -> None:
    """Wait until policies have issued all certificates and every reading is at the log's end."""

    def all_read() -> bool:
        with psycopg.connect(dsn) as connection:
            behind = one(
                connection,
                "select count(*) from readings.state where live"
                " and position < (select coalesce(max(position), 0) from log.facts)",
            )
            return not behind and certificates == one(
                connection, "select count(*) from log.facts where type = 'CertificateIssued'"
            )

    eventually(all_read, READ_SECONDS_MAX, f"{certificates} certificates, and all read")


def one(connection: psycopg.Connection[Any], statement: str) -> Any:
    """Return the one value of a select."""
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def same(
    dsn: str, runs: tuple[str, ...], report: dict[str, Any], others: Set[str] = frozenset()
) -> None:
    """Compare every figure of these runs. ``others`` are there too, and have no certificates."""
    files = {run: figures for run, figures in expected.all_figures().items() if run in runs}
    settled(dsn, sum(figures.certificates for figures in files.values()))
    found = readings.all_figures(dsn)
    assert set(found) - others == set(files)
    for run, figures in files.items():
        assert found[run] == figures._replace(refused=0), run
    assert readings.certificates(dsn) == Counter(
        {run: figures.certificates for run, figures in files.items()}
    )
    refused = sum(figures.refused for figures in files.values())
    assert report["tables"]["studentAssessment"]["refused"] == refused
    assert sum(refusal["rows"] for refusal in report["refusals"]) == refused
    assert {refusal["rule"] for refusal in report["refusals"]} <= {"not-enrolled"}
    for counts in report["tables"].values():
        assert counts["accepted"] + counts["refused"] == counts["rows"]
