"""Which benchmark is run, and how is it shown? ``python -m bench NAME [--json] [--quick]``"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import cast

from bench.report import Report

_NOT_BENCHES = {
    "__init__",
    "__main__",
    "deciding",
    "grading",
    "http_peer",
    "process",
    "projection_runner",
    "report",
    "rig",
    "university",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; 0: every goal reached, 1: not, 2: wrong use."""
    names = sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _NOT_BENCHES
    )
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--json", action="store_true", help="print one object, for programs")
    parser.add_argument("--quick", action="store_true", help="finish within a minute")
    given = parser.parse_args(arguments)
    measure = importlib.import_module(f"bench.{given.name}").measure
    report = cast("Report", measure(quick=given.quick))
    if given.json:
        print(report.as_json())
    else:
        report.print_table()
    return 0 if report.reached else 1


if __name__ == "__main__":
    sys.exit(main())
