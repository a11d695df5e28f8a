"""Is a signed text believed from those who are known, and from nobody else?"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.evidence.checkpoints import Checkpoint, opened, parse_checkpoint
from domain.evidence.notes import (
    COSIGNATURE,
    Note,
    PublicKey,
    WrongNote,
    parse,
    parse_key,
    sign,
    signers,
)
from infra.evidence.keys import PrivateKey, check, new_key, parse_private

GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501
).encode()
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
"""The example in the documentation of Go's package sumdb/note."""

CHECKPOINT = Checkpoint("log.example", 5, bytes(range(32)), "first")


class Witness(NamedTuple):
    """Somebody who co-signs."""

    private: PrivateKey

    @property
    def public(self) -> PublicKey:
        """The key that others know."""
        return self.private.public._replace(algorithm=COSIGNATURE)


def signed(*privates: PrivateKey) -> Note:
    """The checkpoint, signed with these keys."""
    text = str(CHECKPOINT)
    return Note(text, tuple(sign(text, one.public, one.sign) for one in privates))


def test_the_example_of_go_is_accepted_and_made_alike() -> None:
    """Key, id and signature are those of Go's package."""
    key = parse_key(GO_KEY)
    note = parse(GO_NOTE)
    assert [one.key for one in signers(note, [key], check)] == [key]
    assert bytes(note) == GO_NOTE
    private = parse_private(GO_PRIVATE)
    assert private.public == key
    assert sign(note.text, key, private.sign) == note.signatures[0]
    assert str(private) == GO_PRIVATE


def test_a_checkpoint_says_origin_size_root_and_epoch() -> None:
    """Signed by its log it can be opened, and says what was signed."""
    key = new_key("log.example")
    found = opened(bytes(signed(key)), [key.public], check)
    assert found.checkpoint == CHECKPOINT
    assert str(CHECKPOINT).splitlines()[:2] == ["log.example", "5"]


def test_a_key_can_be_replaced_while_both_are_known() -> None:
    """Whoever knows either key accepts what both signed; each alone is accepted by who knows it."""
    old, new, stranger = (new_key("log.example") for _ in range(3))
    both = bytes(signed(old, new))
    for known in ([old.public], [new.public], [old.public, new.public]):
        assert opened(both, known, check).checkpoint == CHECKPOINT
    assert opened(bytes(signed(new)), [old.public, new.public], check)
    with pytest.raises(WrongNote, match="no known key"):
        opened(bytes(signed(new)), [old.public], check)
    with pytest.raises(WrongNote, match="no known key"):
        opened(both, [stranger.public], check)


def test_a_known_key_of_another_log_signs_nothing_for_this_one() -> None:
    """Whoever knows the keys of two logs believes each of its own checkpoints only."""
    other = new_key("log.elsewhere")
    with pytest.raises(WrongNote, match=r"no known key of log\.example"):
        opened(bytes(signed(other)), [new_key("log.example").public, other.public], check)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [("\n5\n", "\n05\n"), ("\n5\n", "\n+5\n"), ("epoch first", "first"), ("=\n", "= \n")],
)
def test_a_checkpoint_is_written_in_one_way_only(written: str, otherwise: str) -> None:
    """Else one state of a log would have several signed texts, and comparing them say nothing."""
    text = str(CHECKPOINT)
    assert parse_checkpoint(text) == CHECKPOINT
    assert text.count(written) == 1
    with pytest.raises(WrongNote, match="not a checkpoint"):
        parse_checkpoint(text.replace(written, otherwise))


def test_a_witness_says_when_it_saw_a_checkpoint() -> None:
    """Its signature covers the time; it does not stand for the log's own."""
    key, witness = new_key("log.example"), Witness(new_key("witness.example"))
    text = str(CHECKPOINT)
    seen = sign(text, witness.public, witness.private.sign, 1_772_442_000)
    note = Note(text, (*signed(key).signatures, seen))
    by = signers(parse(bytes(note)), [key.public, witness.public], check)
    assert [(one.key.name, one.at_seconds) for one in by] == [
        ("log.example", None),
        ("witness.example", 1_772_442_000),
    ]
    later = seen._replace(content=(1_772_442_001).to_bytes(8, "big") + seen.content[8:])
    with pytest.raises(WrongNote, match="the signature of witness"):
        signers(Note(text, (later,)), [witness.public], check)
    with pytest.raises(WrongNote, match="no known key"):
        opened(bytes(Note(text, (seen,))), [witness.public], check)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_byte_changed_is_rejected(data: st.DataObject) -> None:
    """In the text, in a name, in a signature: it is not what was signed."""
    key = parse_private(GO_PRIVATE)._replace(name="log.example")
    note = bytearray(bytes(signed(key)))
    at = data.draw(st.integers(0, len(note) - 1))
    note[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WrongNote):
        opened(bytes(note), [key.public], check)


@pytest.mark.parametrize(
    "key", ["", "a+b", "log+00000000+AAAA", GO_KEY.replace("c74f", "c74e"), "lo g" + GO_KEY]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """The id must be that of the key."""
    with pytest.raises(WrongNote):
        parse_key(key)


def test_signing_twice_is_refused() -> None:
    """A key that is there twice says nothing more."""
    key = new_key("log.example")
    with pytest.raises(WrongNote, match="twice"):
        opened(bytes(signed(key, key)), [key.public], check)
