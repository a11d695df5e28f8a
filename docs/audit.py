"""Is anything known against what is locked? ``python -m docs.audit [--require]``

Asks the package index for advisories about every version that is locked. Where it does not answer,
that is said in one line and is no fault, unless it is required: CI that reaches it requires it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

LOCK = Path(__file__).parent.parent / "requirements" / "test.lock"
"""The largest set: the others hold a part of it, in the same versions."""
SECONDS_MAX = 120
COMMAND = (
    sys.executable,
    *("-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"),
    *("--vulnerability-service", "pypi", "--format", "json", "--requirement", str(LOCK)),
)


class Audit(NamedTuple):
    """What was found: one line for each advisory, and how many packages were looked up of how
    many."""

    advisories: list[str]
    known: int
    of: int


def read(report: bytes) -> Audit:
    """Read what pip-audit found. Raises msgspec.DecodeError where that is no report."""
    packages: list[dict[str, Any]] = msgspec.json.decode(report)["dependencies"]
    advisories = [
        f"{package['name']} {package['version']}: {found['id']}, "
        f"fixed in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package.get("vulns", ())
    ]
    known = sum("skip_reason" not in package for package in packages)
    return Audit(advisories, known, len(packages))


def verdict(audit: Audit | None, *, required: bool) -> tuple[int, list[str]]:
    """Return the exit code and what to say. ``audit`` None: nobody answered."""
    if audit is None or audit.known == 0:
        line = "audit: the index's advisories cannot be reached here; nothing was looked up"
        return (1 if required else 0), [line]
    said = (
        f"audit: {audit.known} of {audit.of} packages looked up, {len(audit.advisories)} advisories"
    )
    whole = audit.known == audit.of or not required
    return (0 if whole and not audit.advisories else 1), [said, *audit.advisories]


def main() -> int:
    """Audit, say what was found, and return the exit code."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, timeout=SECONDS_MAX, check=False)  # noqa: S603 - all constants
        audit = read(done.stdout)
    except (subprocess.TimeoutExpired, msgspec.DecodeError, KeyError):
        audit = None
    code, lines = verdict(audit, required="--require" in sys.argv[1:])
    print("\n".join(lines))  # noqa: T201 - a tool
    return code


if __name__ == "__main__":
    sys.exit(main())
