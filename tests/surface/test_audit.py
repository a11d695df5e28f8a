"""Does the audit of dependencies tell advisories, and say so where it could ask nobody?"""

from __future__ import annotations

import json

import pytest

from docs.audit import Audit, read, verdict

FOUND = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "old", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]},
        {"name": "odd", "skip_reason": "not found"},
    ]
}


def test_every_advisory_is_named_with_what_mends_it() -> None:
    audit = read(json.dumps(FOUND).encode())
    assert audit == Audit(["old 2.0: CVE-1, fixed in 2.1"], 2, 3)
    code, lines = verdict(audit, required=False)
    assert code == 1
    assert "old 2.0: CVE-1, fixed in 2.1" in lines


@pytest.mark.parametrize("audit", [None, Audit([], 0, 7)])
def test_where_nobody_answers_that_is_said(audit: Audit | None) -> None:
    """And is a fault only where an answer is required."""
    assert verdict(audit, required=False)[0] == 0
    assert verdict(audit, required=True)[0] == 1
    assert "nothing was looked up" in verdict(audit, required=False)[1][0]


def test_a_part_is_not_enough_where_it_is_required() -> None:
    assert verdict(Audit([], 6, 7), required=False)[0] == 0
    assert verdict(Audit([], 6, 7), required=True)[0] == 1
