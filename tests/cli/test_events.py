"""Is an event stream read as its standard says?"""

from __future__ import annotations

from infra.cli.events import Message, messages


def test_messages_end_with_an_empty_line() -> None:
    """Id, data and event are theirs."""
    lines = ["id: 7", "event: X", 'data: {"a":1}', "", "id: 9", "data: one", "data:two", ""]
    assert list(messages(lines)) == [Message("7", '{"a":1}', "X"), Message("9", "one\ntwo")]


def test_comments_and_hints_are_no_messages() -> None:
    """A heartbeat keeps the connection alive and says nothing."""
    assert list(messages([": still here", "", "retry: 2000", ""])) == []


def test_a_message_that_was_cut_off_is_not_told() -> None:
    """It comes again after the next connection."""
    assert list(messages(["id: 7", "data: half"])) == []
