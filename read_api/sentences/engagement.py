"""How is what a learner opens and completes told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.engagement.facts import (
    ItemCompleted,
    ItemViewed,
    ModuleRelocked,
    ModuleUnlocked,
    ModuleWaived,
    ModuleWaiverWithdrawn,
    VideoWatched,
)
from domain.kernel import Fact
from read_api.sentences.words import Title, clock

PLAIN: Mapping[type[Fact], str] = {
    ModuleUnlocked: "Unlocked module {f.module}",
    ModuleRelocked: "Module {f.module} was locked again",
    ModuleWaived: "Module {f.module} was opened by a waiver",
    ModuleWaiverWithdrawn: "The waiver of module {f.module} was taken back",
}


def _viewed(fact: ItemViewed, title: Title) -> str:
    return f"Opened {title(fact.item)}"


def _watched(fact: VideoWatched, title: Title) -> str:
    return f"Watched {title(fact.item)} from {clock(fact.start_ms)} to {clock(fact.end_ms)}"


def _completed(fact: ItemCompleted, title: Title) -> str:
    how = {"coverage": "watched", "viewed": "viewed", "submitted": "handed in"}[fact.basis]
    return f"Completed {title(fact.item)} ({how})"


OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    ItemViewed: _viewed,
    VideoWatched: _watched,
    ItemCompleted: _completed,
}
