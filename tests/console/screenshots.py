"""How does every page look, on a phone and a desk, in the light and in the dark?

python -m tests.console.screenshots --url http://127.0.0.1:8000 --out shots
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from tests.console.browser import chromium

WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
SCHEMES = ("light", "dark")
LEARNERS_TRIED_MAX = 50
WAIT_MS_MAX = 10_000


def addresses(url: str) -> dict[str, str]:
    """Return every page's address by name, with the first run and a learner who got on far."""
    with httpx.Client(base_url=url, timeout=WAIT_MS_MAX / 1_000) as client:

        def ask(path: str) -> dict[str, Any]:
            return client.get(path).raise_for_status().json()  # type: ignore[no-any-return]

        pages = {"overview": "/console", "runs": "/console/runs", "nowhere": "/console/nowhere"}
        pages |= {"search-empty": "/console/search", "search-none": "/console/search?q=zzzzqqq"}
        pages |= {"roles": "/console/access?ended=yes", "reads": "/console/access-log"}
        listed = ask("/console/runs.json")["runs"]
        if not listed:
            return pages
        run = listed[0]["run"]
        pages |= {"run": f"/console/runs/{run}", "search": f"/console/search?q={run[:3]}"}
        parts = ("gradebook", "what-if", "regrades", "content/1")
        pages |= {f"run-{part.partition('/')[0]}": f"/console/runs/{run}/{part}" for part in parts}
        learners = ask(f"/v1/runs/{run}/learners?limit={LEARNERS_TRIED_MAX}")["learners"]
        if not learners:
            return pages
        chosen = max(learners, key=lambda row: (row["certificate"] is not None, row["late"]))
        learner = f"/console/learners/{chosen['subject']}"
        facts = ask(f"{learner}.json")["facts"]
        middle = facts[len(facts) // 2]
        moment = middle["occurred_at"]
        pages |= {
            "learner": learner,
            "learner-then": f"{learner}?occurred_by={moment}",
            "learner-before": f"{learner}?occurred_by=2000-01-01",
            "learner-known": f"{learner}?axis=known",
            "learner-compared": f"{learner}?occurred_by={moment}&compare=now",
            "fact": f"/console/facts/{middle['position']}",
            "grade": f"{learner}/grade?run={run}",
            "why": f"{learner}/why?run={run}&value=grade",
            "learner-exports": f"{learner}/exports",
            "learner-reads": f"{learner}/reads",
        }
        if chosen["certificate"]:
            pages["certificate"] = f"/console/certificates/{chosen['certificate']}"
        return pages


def shoot(browser: Browser, url: str, pages: dict[str, str], out: Path) -> int:
    """Make the pictures and return how many."""
    out.mkdir(parents=True, exist_ok=True)
    made = 0
    for size, (width, height) in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                timezone_id="Europe/Berlin",
            )
            context.set_default_timeout(WAIT_MS_MAX)
            page = context.new_page()
            for name, path in pages.items():
                page.goto(url + path, wait_until="load")
                page.screenshot(path=out / f"{name}-{size}-{scheme}.png", full_page=True)
                made += 1
            context.close()
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.console.screenshots")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running server")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write PNG files to")
    parser.add_argument("--page", action="append", help="only this page (can be given again)")
    given = parser.parse_args(arguments)
    pages = addresses(given.url)
    wanted = {name: path for name, path in pages.items() if not given.page or name in given.page}
    with chromium() as browser:
        made = shoot(browser, given.url, wanted, given.out)
    sys.stdout.write(f"{made} pictures in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
