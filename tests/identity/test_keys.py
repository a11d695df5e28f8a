"""What becomes of tokens while the issuer changes its keys, or cannot be reached?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

import pytest

from infra.identity.discovery import HttpIssuer
from infra.identity.errors import IssuerUnavailable, WrongToken
from infra.identity.keys import (
    AGAIN_SECONDS_MIN,
    FRESH_SECONDS,
    STALE_SECONDS_MAX,
    IssuerKeys,
    usable,
)
from tests.identity.issuer import Issuer, issuing, new_key


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer of this test's own."""
    with issuing() as one:
        yield one


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test(issuer: Issuer, scenario: Callable[[IssuerKeys, Clock], Awaitable[None]]) -> None:
    """Play a scenario with keys of this issuer."""

    async def play() -> None:
        clock = Clock()
        await scenario(IssuerKeys(HttpIssuer(issuer.url), clock), clock)

    asyncio.run(play())


test.__test__ = False  # type: ignore[attr-defined]


def test_keys_are_fetched_once_for_all_who_want_them(issuer: Issuer) -> None:
    async def scenario(keys: IssuerKeys, _: Clock) -> None:
        kid = issuer.keys[0].kid
        found = await asyncio.gather(*(keys.find(kid, "ES256") for _ in range(50)))
        assert {key.kid for key in found} == {kid}
        assert issuer.asked == 1

    test(issuer, scenario)


def test_a_new_key_is_found_while_running(issuer: Issuer) -> None:
    """Its name is not known, so the keys are fetched again; the old one is believed no more."""

    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        old = issuer.keys[0].kid
        await keys.find(old, "ES256")
        issuer.rotate()
        clock.seconds += AGAIN_SECONDS_MIN
        assert (await keys.find(issuer.keys[0].kid, "ES256")).kid == issuer.keys[0].kid
        with pytest.raises(WrongToken):
            await keys.find(old, "ES256")

    test(issuer, scenario)


def test_made_up_names_do_not_make_us_ask_again_and_again(issuer: Issuer) -> None:
    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        for number in range(100):
            with pytest.raises(WrongToken):
                await keys.find(f"made-up-{number}", "ES256")
        assert issuer.asked == 1
        clock.seconds += AGAIN_SECONDS_MIN
        with pytest.raises(WrongToken):
            await keys.find("made-up", "ES256")
        assert issuer.asked == 2

    test(issuer, scenario)


def test_an_issuer_that_was_never_reached_lets_nobody_in(issuer: Issuer) -> None:
    """And is not asked more often than it can take; once it is back, all is well."""
    issuer.away = True

    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        kid = issuer.keys[0].kid
        for _ in range(10):
            with pytest.raises(IssuerUnavailable):
                await keys.find(kid, "ES256")
        issuer.away = False
        clock.seconds += AGAIN_SECONDS_MIN
        assert (await keys.find(kid, "ES256")).kid == kid

    test(issuer, scenario)


def test_known_keys_are_believed_for_a_while_without_the_issuer(issuer: Issuer) -> None:
    """And not a moment longer: one of them may have been withdrawn."""

    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        kid = issuer.keys[0].kid
        await keys.find(kid, "ES256")
        issuer.away = True
        for seconds in (FRESH_SECONDS, STALE_SECONDS_MAX - 1):
            clock.seconds = seconds
            assert (await keys.find(kid, "ES256")).kid == kid
        with pytest.raises(IssuerUnavailable):
            await keys.find("a new one", "ES256")
        clock.seconds = STALE_SECONDS_MAX
        with pytest.raises(IssuerUnavailable):
            await keys.find(kid, "ES256")

    test(issuer, scenario)


def test_a_withdrawn_key_is_forgotten_when_the_keys_are_fetched_again(issuer: Issuer) -> None:
    """In the background: whoever comes at that moment does not wait."""

    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        old = issuer.keys[0].kid
        await keys.find(old, "ES256")
        issuer.rotate()
        clock.seconds = FRESH_SECONDS
        assert (await keys.find(old, "ES256")).kid == old
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others)
        with pytest.raises(WrongToken):
            await keys.find(old, "ES256")

    test(issuer, scenario)


def test_a_token_without_a_name_takes_the_only_key_there_is(issuer: Issuer) -> None:
    async def scenario(keys: IssuerKeys, clock: Clock) -> None:
        assert (await keys.find(None, "ES256")).kid == issuer.keys[0].kid
        issuer.keys.append(new_key())
        clock.seconds = STALE_SECONDS_MAX
        with pytest.raises(WrongToken):
            await keys.find(None, "ES256")

    test(issuer, scenario)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://id.example.org"},
        {"jwks_uri": "http://id.example.org/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
    ],
    ids=["another issuer", "keys without TLS", "keys in a file", "no address"],
)
def test_a_configuration_that_cannot_be_trusted_is_not(
    issuer: Issuer, change: dict[str, object]
) -> None:
    issuer.configuration |= change

    async def scenario(keys: IssuerKeys, _: Clock) -> None:
        with pytest.raises(IssuerUnavailable):
            await keys.find(issuer.keys[0].kid, "ES256")

    test(issuer, scenario)


@pytest.mark.parametrize(
    "published",
    [
        b'{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"1"}]}',
        b'{"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]}',
        b'{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
        b'{"keys":[{"kty":["EC"]}]}',
    ],
    ids=["a shared secret", "for encryption", "no modulus", "no point of the curve", "no kind"],
)
def test_keys_that_cannot_check_signatures_are_left_out(published: bytes) -> None:
    assert usable(published) == []


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_short_keys_are_left_out() -> None:
    short = new_key("RS256", size=1_024).as_dict(private=False)
    assert usable(json.dumps({"keys": [short]}).encode()) == []


@pytest.mark.parametrize("published", [b"", b"[]", b"{}", b'{"keys":7}', b"\xff", b"[" * 9_000])
def test_what_is_no_set_of_keys_is_not_taken_for_one(published: bytes) -> None:
    with pytest.raises(IssuerUnavailable):
        usable(published)
