"""What does every store of keys promise?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from infra.keys.sealing import AesGcmKey, new_key
from infra.keys.store import KeyStore
from tests.keys.conftest import Opens

T = TypeVar("T")
CONTEXT = b"fact/reason"


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def for_subjects(store: KeyStore, *subjects: str) -> Mapping[str, AesGcmKey]:
    return run(store.for_subjects("main", subjects))


def same(one: AesGcmKey, other: AesGcmKey) -> bool:
    return other.open(one.seal(b"ill", CONTEXT), CONTEXT) == b"ill"


def test_a_key_is_made_once_and_found_by_every_process(opens: Opens) -> None:
    one, other = opens(), opens()
    made = for_subjects(one, "s1", "s2")
    found = run(other.existing("main", ["s1", "s2", "s3"]))
    assert set(found) == {"s1", "s2"}
    assert same(made["s1"], found["s1"])
    assert same(made["s1"], for_subjects(other, "s1")["s1"])
    assert run(other.existing("elsewhere", ["s1"])) == {}
    assert run(one.digest_secret()) == run(other.digest_secret())
    assert one.open() == other.open()


def test_many_who_ask_at_once_get_the_same_keys(opens: Opens) -> None:
    """Also from two processes, and with some names in common."""
    stores = [opens(), opens()]

    async def ask() -> list[Mapping[str, AesGcmKey]]:
        return await asyncio.gather(
            *(
                stores[number % 2].for_subjects("main", [f"s{number // 2}", "common"])
                for number in range(40)
            )
        )

    answers = run(ask())
    assert all(set(answer) == {f"s{n // 2}", "common"} for n, answer in enumerate(answers))
    assert all(same(answers[0]["common"], answer["common"]) for answer in answers)
    assert all(
        same(answers[n][f"s{n // 2}"], answers[n + 1][f"s{n // 2}"]) for n in range(0, 40, 2)
    )


def test_a_destroyed_key_is_gone_and_no_other_is_made(opens: Opens) -> None:
    """Others are untouched; the ledger keeps what was said first."""
    one, other = opens(), opens()
    for_subjects(one, "s1", "s2")
    first = one.destroy("main", "s1", "request-1", "withdrawn-consent")
    again = other.destroy("main", "s1", "request-2", "court-order")
    assert (first.epoch, first.request, first.ground) == (1, "request-1", "withdrawn-consent")
    assert again == first
    assert set(for_subjects(other, "s1", "s2")) == {"s2"}
    assert run(one.existing("main", ["s1"])) == {}
    other.destroy("main", "never-had-one", "request-3", "court-order")
    assert for_subjects(one, "never-had-one") == {}
    ledger = one.erased()
    assert [(entry.tenant, entry.subject) for entry in ledger] == [
        ("main", "never-had-one"),
        ("main", "s1"),
    ]
    assert one.erased(("main", "never-had-one"), 1) == [first]


def test_an_epoch_ends_with_survivors_wrapped_anew(opens: Opens) -> None:
    """One end serves all whose key was destroyed before it; asked again, nothing happens."""
    one, other = opens(), opens()
    before = for_subjects(one, *(f"s{n}" for n in range(5)))
    secret = run(one.digest_secret())
    gone = [one.destroy("main", f"s{n}", "request", "ground") for n in (0, 1)]
    ended = other.end_epochs(gone[0].epoch)
    assert ended is not None
    assert (ended.epoch, ended.rewrapped, ended.destroyed) == (2, 4, (1,))
    assert one.end_epochs(gone[1].epoch) is None
    after = for_subjects(one, *(f"s{n}" for n in range(5)))
    assert set(after) == {"s2", "s3", "s4"}
    assert all(same(before[name], key) for name, key in after.items())
    assert run(other.digest_secret()) == secret
    assert one.destroy("main", "s2", "request", "ground").epoch == 2


def test_keys_are_had_while_epochs_end(opens: Opens) -> None:
    """A process that makes and reads keys meanwhile loses none and fails never."""
    one, other = opens(), opens()
    done = threading.Event()

    def end() -> None:
        for epoch in range(1, 8):
            other.end_epochs(epoch)
        done.set()

    ending = threading.Thread(target=end)
    made: dict[str, AesGcmKey] = {}
    ending.start()
    number = 0
    while not done.is_set() or number < 20:
        made |= for_subjects(one, f"s{number}", "s0")
        number += 1
    ending.join()
    found = run(other.existing("main", list(made)))
    assert set(found) == set(made)
    assert all(same(made[name], found[name]) for name in made)


def test_keys_of_elsewhere_are_adopted_where_there_are_none(opens: Opens) -> None:
    one = opens()
    own = for_subjects(one, "s1")
    brought = new_key()
    one.adopt({("main", "s1"): new_key(), ("main", "s2"): brought})
    found = for_subjects(one, "s1", "s2")
    assert same(own["s1"], found["s1"])
    assert same(AesGcmKey(brought), found["s2"])


def test_only_an_old_epoch_is_ended_by_time(opens: Opens) -> None:
    one = opens()
    for_subjects(one, "s1")
    assert one.rotate_if_old() is None


def test_the_ledger_keeps_which_tenants_were_erased(opens: Opens) -> None:
    """With what was said first, for every process."""
    one, other = opens(), opens()
    assert one.erased_tenants() == []
    one.erase_tenant("north", "request-1", "objection")
    other.erase_tenant("north", "request-2", "legal-obligation")
    other.erase_tenant("east", "request-3", "objection")
    found = [(entry.tenant, entry.request, entry.ground) for entry in one.erased_tenants()]
    assert found == [("east", "request-3", "objection"), ("north", "request-1", "objection")]
    assert one.erased() == []
