"""How are numbers and times written on a page?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import msgspec
from markupsafe import Markup, escape

from read_api.sentences.words import lateness

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b')


def count(value: int | None) -> str:
    """Write a count with separators: ``32,593``; unknown is a dash."""
    return "–" if value is None else f"{value:,}"


def share(part: int, whole: int) -> str:
    """Write a part of a whole in per cent with one decimal; of nothing, a dash."""
    if not whole:
        return "–"
    tenths = (part * 2_000 + whole) // (whole * 2)
    return f"{tenths // 10}.{tenths % 10}%"


def number(text: str | Fraction | None) -> str:
    """Write an exact number shortly, ``72.5``: at most two decimals, marked where cut."""
    if text is None:
        return "–"
    value = Fraction(text)
    cut = round(value, 2)
    shown = f"{float(cut):.2f}".rstrip("0").rstrip(".")
    return shown if cut == value else f"≈ {shown}"


def moment(value: datetime | None, form: str = "full") -> Markup:
    """Write a time in UTC; the script turns it into the reader's zone, UTC on hover.

    ``form`` is ``full`` (to the minute), ``exact`` (to the microsecond, as far as there is any)
    or ``day`` (stays a day in UTC).
    """
    if value is None:
        return Markup('<span class="quiet">not known</span>')
    utc = value.astimezone(UTC)
    exact = f"{utc:%-d %b %Y %H:%M:%S}"
    if utc.microsecond:
        exact += f".{utc.microsecond:06}".rstrip("0")
    text = {
        "full": f"{utc:%-d %b %Y %H:%M} UTC",
        "exact": f"{exact} UTC",
        "day": f"{utc:%-d %b %Y}",
    }[form]
    return Markup('<time datetime="{}" data-form="{}" title="{} UTC">{}</time>').format(
        utc.isoformat().replace("+00:00", "Z"), form, exact, text
    )


def utc_text(value: datetime) -> str:
    """Write a time for addresses and exact copies: RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def json_lines(value: Any) -> Markup:
    """Write data as indented JSON with its tokens marked by classes."""
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
    out = []
    last = 0
    for found in _TOKEN.finditer(text):
        out.append(escape(text[last : found.start()]))
        string, colon, figure, _constant = found.groups()
        css = "k" if colon else "t" if string else "n" if figure else "c"
        token = Markup('<span class="{}">{}</span>{}')
        out.append(token.format(css, string or found[0], colon or ""))
        last = found.end()
    return Markup("").join([*out, escape(text[last:])])


FILTERS: Mapping[str, Callable[..., Any]] = {
    "count": count,
    "json_lines": json_lines,
    "lateness": lateness,
    "moment": moment,
    "number": number,
    "share": share,
    "utc": utc_text,
}
