"""Are numbers, times and bodies written as they are?"""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from read_api.console import formats


def test_shares_are_rounded_to_a_tenth_of_a_per_cent() -> None:
    """Shares are worked out in whole numbers; a share of nothing is a dash, not zero."""
    assert formats.share(1, 3) == "33.3%"
    assert formats.share(2, 3) == "66.7%"
    assert formats.share(383, 383) == "100.0%"
    assert formats.share(0, 0) == "–"


def test_scores_are_exact_or_marked() -> None:
    """A number that had to be cut says so."""
    assert formats.number("72") == "72"
    assert formats.number("72.50") == "72.5"
    assert formats.number(Fraction(1, 3)) == "≈ 0.33"
    assert formats.number(None) == "–"


def test_a_time_is_told_in_utc_and_to_the_microsecond_on_hover() -> None:
    """Without script a reader sees UTC, and says so; nothing is lost by being brief."""
    at = datetime(2014, 5, 3, 9, 30, 15, 250_000, tzinfo=UTC)
    drawn = formats.moment(at)
    assert ">3 May 2014 09:30 UTC<" in drawn
    assert 'datetime="2014-05-03T09:30:15.250000Z"' in drawn
    assert 'title="3 May 2014 09:30:15.25 UTC"' in drawn


def test_a_body_is_shown_as_text() -> None:
    """A body may hold anything; its tokens are coloured and nothing in it is markup."""
    drawn = formats.json_lines({"a<b": "</pre><script>", "n": [1, -2.5, None, True]})
    assert "<script" not in drawn
    assert drawn.unescape().count("</pre>") == 1
    assert '<span class="k">&#34;a&lt;b&#34;</span>:' in drawn
