"""How does a person read a learner's proven history? On one page that runs and loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.tree import moment

SEALED_PREFIX = '{"sealed":'
"""How a personal field stands in a body."""

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 0 auto; padding: 24px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 32px 0 8px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; }
dl { margin: 8px 0; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
ol { list-style: none; padding: 0; } li { border-top: 1px solid #8886; padding: 8px 0; }
li > p { margin: 0; } .what { font-weight: 600; } .quiet { opacity: .75; font-size: 14px; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
summary { cursor: pointer; font-size: 14px; }
.told { border-left: 3px solid #c80; padding-left: 8px; }
@media print { details { display: block; } }
"""
_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{subject}</title>
<style>
{style}</style>
</head>
<body>
<h1>What the log holds of {subject}</h1>
<p>{count} of {size} facts. This page only shows them: it is <strong>registrar verify</strong> that
proves them, as README.txt says, and that nobody changed this page. Sentences and what stands beside
an orange line are told by the institution; no proof covers them.</p>
<dl>
"""


class Fact(NamedTuple):
    """A fact as the page shows it: texts, not markup.

    ``envelope`` and ``data`` are what is stored, ``opened`` the personal fields of ``data`` that
    could be opened. ``recorded_us`` are microseconds since 1970.
    """

    position: int
    recorded_us: int
    type: str
    occurred_at: str
    actor: str
    envelope: Mapping[str, str]
    data: Mapping[str, str]
    sentence: str
    opened: Mapping[str, str]


class Page(NamedTuple):
    """All that is on the page."""

    subject: str
    made_at: str
    checkpoint: Checkpoint
    keys: Sequence[str]
    facts: Sequence[Fact]


def drawn(page: Page) -> str:
    """Return the page."""
    return "".join(_parts(page))


def _parts(page: Page) -> Iterator[str]:
    stated = page.checkpoint
    count, size = f"{len(page.facts):,}", f"{stated.size:,}"
    yield _HEAD.format(subject=escape(page.subject), style=_STYLE, count=count, size=size)
    yield _pair("Log", stated.origin)
    yield _pair("Epoch", stated.epoch)
    yield _pair("Root", b64encode(stated.root).decode())
    for key in page.keys:
        yield _pair("Signed by", key)
    yield _pair("Made", page.made_at)
    yield "</dl>\n<h2>History</h2>\n<ol>\n"
    for fact in page.facts:
        yield from _fact(fact)
    yield "</ol>\n</body>\n</html>\n"


def _fact(fact: Fact) -> Iterator[str]:
    yield f'<li id="fact-{fact.position}">\n<p class="what">{escape(fact.sentence)}</p>\n'
    recorded = moment(fact.recorded_us).isoformat().replace("+00:00", "Z")
    yield (
        f'<p class="quiet">{escape(fact.type)}, occurred {escape(fact.occurred_at)}, '
        f"recorded {recorded} by {escape(fact.actor)}, position {fact.position:,}</p>\n"
    )
    for name, value in fact.opened.items():
        yield f'<p class="told">{escape(name)}: {escape(value)}</p>\n'
    yield "<details><summary>As it is stored</summary>\n<dl>\n"
    for name, value in fact.data.items():
        sealed = value.startswith(SEALED_PREFIX)
        yield _pair(f"{name} (encrypted)" if sealed else name, value)
    yield "</dl>\n<dl>\n"
    for name, value in fact.envelope.items():
        yield _pair(name, value)
    yield "</dl></details>\n</li>\n"


def _pair(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd><code>{escape(value)}</code></dd>\n"
