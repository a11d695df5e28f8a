"""How is a fact told to a person, in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.kernel import Envelope, Fact
from projections.decoding import Unreadable
from read_api.sentences import (
    access,
    assessment,
    catalogue,
    credentials,
    engagement,
    enrolment,
    grading,
    integrity,
    peer_review,
    people,
    privacy,
    tenants,
)
from read_api.sentences.words import Title

Titles = Mapping[tuple[str, str], str]
"""Titles of items, by run and item."""

_PLAIN: Mapping[type[Fact], str] = {
    Unreadable: "This version cannot read this fact",
    **access.PLAIN,
    **catalogue.PLAIN,
    **credentials.PLAIN,
    **engagement.PLAIN,
    **enrolment.PLAIN,
    **grading.PLAIN,
    **integrity.PLAIN,
    **people.PLAIN,
    **privacy.PLAIN,
    **tenants.PLAIN,
}
"""Facts that need no more than their fields."""

_TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    **access.TELLERS,
    **catalogue.TELLERS,
    **credentials.TELLERS,
    **enrolment.TELLERS,
    **grading.TELLERS,
    **integrity.TELLERS,
    **people.TELLERS,
    **privacy.TELLERS,
    **tenants.TELLERS,
}

_OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    **assessment.OF_ITEMS,
    **catalogue.OF_ITEMS,
    **engagement.OF_ITEMS,
    **grading.OF_ITEMS,
    **integrity.OF_ITEMS,
    **peer_review.OF_ITEMS,
}
"""Facts of items, which are told by their titles."""


def sentence(envelope: Envelope, titles: Titles) -> str:
    """Return the sentence; an item without a title goes by its id."""
    fact = envelope.fact
    plain = _PLAIN.get(type(fact))
    if plain is not None:
        return plain.format(f=fact)
    tell = _TELLERS.get(type(fact))
    if tell is not None:
        return tell(fact)
    run = envelope.stream.split("/")[2] if envelope.stream.count("/") > 1 else ""
    return _OF_ITEMS[type(fact)](fact, lambda item: titles.get((run, item)) or item)


def tells(cls: type[Fact]) -> bool:
    """Whether there is a sentence for this class of facts."""
    return cls in _PLAIN or cls in _TELLERS or cls in _OF_ITEMS
