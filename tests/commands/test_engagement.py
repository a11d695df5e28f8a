"""What is a learner credited with for watching and viewing?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.catalogue.facts import Item
from domain.catalogue.rules import ItemNotOpen, ItemUnknown, RunUnknown
from domain.engagement.coverage import covered_ms
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
from domain.engagement.rules import (
    HEARTBEAT_MS,
    IntervalOutOfBounds,
    NotAVideo,
    WatchedTooFast,
)
from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, RUNNING, VIDEO, Record, content, given


def segment(start_ms: int, end_ms: int, **more: Any) -> dict[str, Any]:
    """A report of the usual learner's player."""
    return {
        **LEARNER,
        "item": "v1",
        "start_ms": start_ms,
        "end_ms": end_ms,
        "session": "s1",
        **more,
    }


def watched(start_ms: int, end_ms: int, reported_end_ms: int = 0, **more: Any) -> VideoWatched:
    """What is recorded of it."""
    fields = {"rate": "1", "session": "s1", **more}
    return VideoWatched("v1", start_ms, end_ms, start_ms, reported_end_ms or end_ms, **fields)


def later(seconds: float) -> datetime:
    """A moment that many seconds after the first."""
    return NOON + timedelta(seconds=seconds)


def test_watching_the_last_second_completes_the_item() -> None:
    """Complete at the item's threshold, by default all of it [xAPI video profile]."""
    short = Item("v1", "video", "Short", duration_ms=60_000)
    given(*ENROLLED, content(short), watched(0, 59_000)).when(
        "watch-video", later(1), **segment(59_000, 60_000)
    ).then(watched(59_000, 60_000), ItemCompleted("v1", "coverage"))


@pytest.mark.parametrize(
    ("threshold", "end_ms", "complete"),
    [
        ("0.5", 150_000, True),
        ("0.5", 149_999, False),
        ("0.333", 99_900, True),
        ("1", 299_999, False),
    ],
)
def test_the_threshold_is_exact(threshold: str, end_ms: int, complete: bool) -> None:
    """Compared exactly, up to three decimals of the threshold [xAPI video profile]."""
    video = Item("v1", "video", "Five minutes", duration_ms=300_000, threshold=threshold)
    answer = given(*ENROLLED, content(video), watched(0, 50_000)).when(
        "watch-video", later(400), **segment(50_000, end_ms)
    )
    assert (ItemCompleted("v1", "coverage") in answer.facts) is complete


def test_an_item_is_completed_once() -> None:
    """Watching on after completion is recorded, and completes nothing again."""
    done = (watched(0, 300_000), ItemCompleted("v1", "coverage"))
    given(*ENROLLED, *done).when("watch-video", later(60), **segment(0, 1_000)).then(
        watched(0, 1_000)
    )


def test_a_first_report_is_credited_one_heartbeat() -> None:
    """At most 60 s, from its beginning. Source: rules.md, Video."""
    given(*ENROLLED).when("watch-video", **segment(1_000, 300_000)).then(
        watched(1_000, 61_000, 300_000)
    )


@pytest.mark.parametrize(
    ("rate", "seconds", "credited_ms"),
    [
        ("1", 10, 10_000),
        ("2", 10, 20_000),
        ("0.5", 10, 5_000),
        ("1.25", 0.001, 1),
        ("4", 30, 90_000),
    ],
)
def test_credit_is_capped_by_the_clock(rate: str, seconds: float, credited_ms: int) -> None:
    """No more video time than the time since the previous report × rate: no hour in a minute."""
    record = given(*ENROLLED, watched(0, 1_000))
    answer = record.when(
        "watch-video", later(seconds), **segment(10_000, 100_000, rate=rate, session="s2")
    )
    answer.then(watched(10_000, 10_000 + credited_ms, 100_000, rate=rate, session="s2"))


def test_sessions_share_one_clock() -> None:
    """Two players at once are not credited twice, on whichever videos of the run."""
    other = Item("v2", "video", "Other", duration_ms=300_000)
    record = given(*ENROLLED, content(VIDEO, other), watched(0, 60_000))
    record.when("watch-video", later(60), **segment(60_000, 120_000))
    record.when("watch-video", later(60), **segment(0, 60_000, item="v2", session="s2")).refused(
        WatchedTooFast, item="v2"
    )


def test_a_report_from_before_the_previous_one_is_refused() -> None:
    """Credit counts forward; what a player reports too late was not dropped silently."""
    record = given(*ENROLLED, watched(0, 60_000))
    record.when("watch-video", later(-5), **segment(60_000, 61_000)).refused(WatchedTooFast)


def test_the_previous_report_again_changes_nothing() -> None:
    """A player that retries is not credited again, and loses nothing of what comes next."""
    record = given(*ENROLLED, watched(0, 10_000))
    record.when("watch-video", later(5), **segment(0, 10_000)).nothing()
    record.when("watch-video", later(10), **segment(10_000, 20_000)).then(watched(10_000, 20_000))


def test_a_shorter_watch_later_overwrites_nothing() -> None:
    """Watching the beginning again in another session takes nothing of what was covered, and what
    is left completes it. Elsewhere the last report overwrote the watch time (moodle
    supervideo#73)."""
    record = given(*ENROLLED, content(Item("v1", "video", "Film", duration_ms=60_000)))
    record.when("watch-video", **segment(0, 50_000))
    record.when("watch-video", later(60), **segment(0, 10_000, session="s2"))
    covered = record.states[f"main/viewing/{RUN_ID}/oulad-11391"].covered["v1"]
    assert covered_ms(covered) == 50_000
    answer = record.when("watch-video", later(120), **segment(50_000, 60_000, session="s3"))
    assert answer.facts[-1] == ItemCompleted("v1", "coverage")


REPORTS = st.lists(
    st.tuples(st.integers(0, 290_000), st.integers(1, 300_000), st.integers(0, 90_000)), max_size=25
)


@settings(deadline=None)
@over(REPORTS)
def test_nobody_gains_more_video_than_time(reports: list[tuple[int, int, int]]) -> None:
    """Whatever a client claims at rate 1: one heartbeat, and then the wall clock."""
    record = given(*ENROLLED)
    began = None
    at = NOON
    for start, end, pause_ms in reports:
        at += timedelta(milliseconds=pause_ms)
        if start < end and record.when("watch-video", at, **segment(start, end)).facts:
            began = began or at
    covered = record.states[f"main/viewing/{RUN_ID}/oulad-11391"].covered if began else {}
    gained = sum(covered_ms(intervals) for intervals in covered.values())
    elapsed = (at - (began or at)) // timedelta(milliseconds=1)
    assert gained <= HEARTBEAT_MS + elapsed


def test_coverage_begins_anew_with_a_run_begun_afresh() -> None:
    """Where progress is not carried, what was watched before counts no more."""
    half = Item("v1", "video", "Half", duration_ms=60_000, threshold="0.5")
    record = given(
        *ENROLLED,
        content(half),
        watched(0, 29_000),
        LearnerWithdrawn(),
        LearnerEnrolled("audit", afresh=True),
    )
    record.when("watch-video", later(9), **segment(29_000, 31_000)).then(
        watched(29_000, 31_000, term=1)
    )


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (segment(0, 9, run="AAA-1999J"), RunUnknown),
        (segment(0, 9, subject="nobody"), NotEnrolled),
        (segment(0, 9, item="v9"), ItemUnknown),
        (segment(0, 9, item="546614"), NotAVideo),
        (segment(299_000, 300_001), IntervalOutOfBounds),
    ],
)
def test_what_cannot_be_watched_is_refused(body: dict[str, Any], rule: Any) -> None:
    """Each refusal names its rule."""
    given(*ENROLLED).when("watch-video", **body).refused(rule)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_ms": 5, "end_ms": 5},
        {"start_ms": 6, "end_ms": 5},
        {"start_ms": -1},
        {"end_ms": 172_800_001},
        {"end_ms": "7"},
        {"rate": 0},
        {"rate": "4.001"},
        {"session": ""},
    ],
)
def test_reversed_and_empty_intervals_are_malformed(wrong: dict[str, Any]) -> None:
    """Out of bounds, reversed or zero-length intervals never come to a decision."""
    with pytest.raises(ValidationError):
        DECISIONS["watch-video"].model.model_validate({**segment(0, 9), **wrong})


def test_an_item_is_viewed_once() -> None:
    """The first view is recorded; only for who is in, and only from when the item opens."""
    view = {**LEARNER, "item": "546614"}
    record = given(*ENROLLED)
    record.when("view-item", **view).then(ItemViewed("546614"))
    record.when("view-item", **view).nothing()
    given(*RUNNING).when("view-item", **view).refused(NotEnrolled)
    record.when("view-item", **LEARNER, item="x").refused(ItemUnknown, item="x")
    hidden = Item("546614", "page", "Later", opens=later(1))
    record = given(*ENROLLED, content(hidden))
    record.when("view-item", later(0.999999), **view).refused(ItemNotOpen)
    record.when("view-item", later(1), **view).then(ItemViewed("546614"))


def test_only_the_viewing_is_written() -> None:
    """A heartbeat never conflicts with a submission: the enrolment is read, not a condition."""
    assert "enrolment" in DECISIONS["watch-video"].unconditioned
    record: Record = given(*ENROLLED)
    answer = record.when("watch-video", **segment(0, 9))
    assert {entry.stream for entry in answer.decided} == {f"main/viewing/{RUN_ID}/oulad-11391"}
