"""Can roles be given, taken and looked at from the command line?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.cli.main import run
from tests.server import running


def test_a_role_is_given_shown_and_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path / "data", "--no-example") as server:
        to = ("--url", server.url)
        assert run(["access", "grant", "tutor-17", "grader", *to]) == 0
        assert capsys.readouterr().out.startswith("recorded at position ")
        assert run(["access", "revoke", "tutor-17", "grader", "--json", *to]) == 0
        position = json.loads(capsys.readouterr().out)["position"]
        server.get(f"/v1/access?min_position={position}")
        assert run(["access", "list", "--holder", "tutor-17", "--json", *to]) == 0
        (grant,) = json.loads(capsys.readouterr().out)["grants"]
        assert (grant["role"], grant["holds"]) == ("grader", False)
        assert run(["access", "list", *to]) == 0
        assert "tutor-17" not in capsys.readouterr().out
        assert run(["access", "grant", "developer", "auditor", *to]) == 1
        assert "their own roles" in capsys.readouterr().err
