"""Which tokens are believed, and which never?"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwk, jws

from infra.identity.discovery import HttpIssuer
from infra.identity.errors import WrongToken
from infra.identity.keys import IssuerKeys
from infra.identity.tokens import TOKEN_BYTES_MAX, Claims, Verifier
from tests.identity.issuer import AUDIENCE, PERSON, Issuer, issuing, new_key

SKEW_SECONDS = 30


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer with a key of each kind; the first is for ES256."""
    with issuing() as one:
        one.keys = [new_key("ES256"), new_key("RS256"), new_key("Ed25519")]
        yield one


def verifier(issuer: Issuer, **named: Any) -> Verifier:
    """Return what believes this issuer."""
    return Verifier(issuer.url, AUDIENCE, IssuerKeys(HttpIssuer(issuer.url)), SKEW_SECONDS, **named)


def verified(issuer: Issuer, token: str | bytes, **named: Any) -> Claims:
    """Verify a token as a server does that has just started."""
    raw = token if isinstance(token, bytes) else token.encode()
    return asyncio.run(verifier(issuer, **named).verify(raw))


def part(told: object) -> str:
    """Write a part of a token."""
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("algorithm", "number"),
    [("ES256", 0), ("RS256", 1), ("PS256", 1), ("EdDSA", 2), ("Ed25519", 2)],
)
def test_a_good_token_is_believed(issuer: Issuer, algorithm: str, number: int) -> None:
    """Each algorithm that is taken, with the key that is for it."""
    claims = verified(issuer, issuer.token(algorithm, issuer.keys[number], acr="2", amr=["mfa"]))
    assert (claims.subject, claims.client) == (PERSON, "console")
    assert claims.scopes == {"openid", "registrar"}
    assert (claims.acr, claims.amr, claims.is_service) == ("2", {"mfa"}, False)


def test_a_token_made_here_by_hand_is_good(issuer: Issuer) -> None:
    """The control: what is added to these below is why they are refused."""
    assert verified(issuer, good_but()(issuer)).subject == PERSON


def test_one_audience_of_several_is_enough(issuer: Issuer) -> None:
    assert verified(issuer, issuer.token(aud=["account", AUDIENCE])).subject == PERSON


def test_a_program_that_acts_for_itself_is_its_own_subject(issuer: Issuer) -> None:
    assert verified(issuer, issuer.token(sub="nightly", client_id="nightly")).is_service


def unsigned(issuer: Issuer) -> str:
    """alg none, and no signature."""
    return f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(issuer.claims())}."


def confused(issuer: Issuer) -> str:
    """HS256 with the issuer's public key for the secret (CVE-2015-9235)."""
    public = issuer.keys[1].as_pem(private=False)
    head = part({"alg": "HS256", "typ": "at+jwt", "kid": issuer.keys[1].kid})
    told = f"{head}.{part(issuer.claims())}"
    return f"{told}.{part(hmac.digest(public, told.encode(), 'sha256'))}"


def signed(issuer: Issuer, key: jwk.Key, **header: Any) -> str:
    """A token whose header no library would make."""
    head = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, **header}
    told = f"{part(head)}.{part(issuer.claims())}"
    made = jws.JWSRegistry.algorithms["ES256"].sign(told.encode(), key)
    return f"{told}.{part(made)}"


def tampered(issuer: Issuer) -> str:
    """Another payload under a good signature."""
    head, _, signature = issuer.token().split(".")
    return ".".join((head, part(issuer.claims(sub="somebody else")), signature))


def stripped(issuer: Issuer) -> str:
    """A good token without its signature."""
    return issuer.token().rpartition(".")[0] + "."


def own_key(**header: Any) -> Callable[[Issuer], str]:
    """A token that brings its own key, or says where that is to be fetched."""

    def make(issuer: Issuer) -> str:
        key = new_key(kid="theirs")
        told = {name: value or key.as_dict(private=False) for name, value in header.items()}
        return signed(issuer, key, **told)

    return make


def good_but(**header: Any) -> Callable[[Issuer], str]:
    """A token that is signed with the issuer's own key, with something in its header."""
    return lambda issuer: signed(issuer, issuer.keys[0], **header)


def told(**changed: Any) -> Callable[[Issuer], str]:
    """A token that is well signed, and says this."""
    return lambda issuer: issuer.token(**changed)


def at(**seconds: float) -> Callable[[Issuer], str]:
    """A token whose times lie so far from now."""
    return lambda issuer: issuer.token(
        **{name: int(time.time() + after) for name, after in seconds.items()}
    )


def deep(issuer: Issuer) -> str:
    """A header that is nested deeper than a parser goes."""
    return f"{part(b'[' * 1_500)}.{part(issuer.claims())}.{part(b'x')}"


WRONG: dict[str, Callable[[Issuer], str]] = {
    "alg none": unsigned,
    "alg None": lambda i: f"{part({'alg': 'None', 'typ': 'at+jwt'})}.{part(i.claims())}.",
    "HS256 with the public key": confused,
    "another payload": tampered,
    "no signature": stripped,
    "another signature": lambda i: i.token().rpartition(".")[0] + "." + part(b"x" * 64),
    "another audience": told(aud="another"),
    "audiences without ours": told(aud=["another", "registrar2"]),
    "no audience": told(aud=None),
    "a foreign issuer": told(iss="https://id.example.org"),
    "our issuer with a slash": lambda i: i.token(iss=i.url + "/"),
    "no issuer": told(iss=None),
    "expired": at(exp=-SKEW_SECONDS - 1),
    "no expiry": told(exp=None),
    "an endless expiry": told(exp=1e300),
    "an expiry in words": told(exp="never"),
    "from the future": at(iat=SKEW_SECONDS + 5),
    "not good yet": at(nbf=SKEW_SECONDS + 5),
    "no time of issue": told(iat=None),
    "no subject": told(sub=None),
    "an empty subject": told(sub=""),
    "a long subject": told(sub="x" * 256),
    "no client": told(client_id=None),
    "a scope that is no text": told(scope=["registrar"]),
    "an unknown key": lambda i: i.token(key=new_key()),
    "a known name on another key": lambda i: i.token(key=new_key(kid=i.keys[0].kid)),
    "the key of another algorithm": lambda i: i.token(header={"kid": i.keys[1].kid}),
    "jku": own_key(jku="https://evil.example.org/keys"),
    "x5u": own_key(x5u="https://evil.example.org/certificate"),
    "x5c": own_key(x5c=["MIIB"]),
    "jwk": own_key(jwk=None),
    "jku beside a good key": good_but(jku="https://evil.example.org/keys"),
    "crit": good_but(crit=["exp"], exp=1),
    "b64": good_but(crit=["b64"], b64=False),
    "a header that nobody knows": good_but(more="x"),
    "an id token": told(header={"typ": "JWT"}, nonce="n"),
    "a plain JWT": told(header={"typ": "JWT"}),
    "no type": told(header={"typ": None}),
    "a logout token": told(header={"typ": "logout+jwt"}),
    "a refresh token": told(typ="Refresh"),
    "an id token of the wrong type": told(at_hash="x"),
    "encrypted": lambda _: ".".join((part({"alg": "RSA-OAEP", "enc": "A256GCM"}), *"abcd")),
    "two parts": lambda i: ".".join(i.token().split(".")[:2]),
    "four parts": lambda i: i.token() + ".x",
    "oversized": told(more="x" * TOKEN_BYTES_MAX),
    "a large header": told(header={"kid": "x" * 300}),
    "deeply nested": deep,
    "a header that is a list": lambda i: f"{part(['alg'])}.{part(i.claims())}.{part(b'x')}",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_what_is_not_good_is_not_believed(issuer: Issuer, make: Callable[[Issuer], str]) -> None:
    """Each attack that is known on tokens, and everything that a token lacks."""
    with pytest.raises(WrongToken):
        verified(issuer, make(issuer))


@pytest.mark.parametrize(
    "make",
    [
        at(exp=-SKEW_SECONDS + 5),
        at(iat=SKEW_SECONDS - 5),
        at(nbf=SKEW_SECONDS - 5),
    ],
    ids=["our clock is ahead", "theirs is ahead", "theirs is ahead, not before"],
)
def test_clocks_may_differ_a_little(issuer: Issuer, make: Callable[[Issuer], str]) -> None:
    assert verified(issuer, make(issuer)).subject == PERSON


def test_plain_tokens_are_taken_where_that_is_set(issuer: Issuer) -> None:
    """But id tokens are still no access tokens."""
    for kind in ("JWT", None):
        plain = issuer.token(header={"typ": kind}, typ="Bearer")
        assert verified(issuer, plain, plain=True).subject == PERSON
    with pytest.raises(WrongToken):
        verified(issuer, issuer.token(header={"typ": "JWT"}, nonce="n"), plain=True)
    with pytest.raises(WrongToken):
        verified(issuer, issuer.token(header={"typ": "JWT"}, typ="ID"), plain=True)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_but_a_refusal_comes_of_what_somebody_makes_up(
    issuer: Issuer, data: st.DataObject
) -> None:
    """Any bytes, any JSON in the parts, and any bit of a good token changed."""
    kind = data.draw(st.sampled_from(["bytes", "parts", "claims", "bits"]))
    anything = st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=10), inner),
        max_leaves=8,
    )
    names = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip", "iss"])
    good = issuer.token().encode()
    if kind == "bytes":
        token = data.draw(st.binary(max_size=200))
    elif kind == "parts":
        head = data.draw(st.dictionaries(names, anything) | anything)
        token = f"{part(head)}.{part(data.draw(anything))}.{part(data.draw(st.binary()))}".encode()
    elif kind == "claims":
        name = data.draw(st.sampled_from(["iss", "aud", "exp", "iat", "sub", "scope", "amr"]))
        value = data.draw(anything)
        signed = jws.serialize_compact(
            {"alg": "ES256", "typ": "at+jwt", "kid": issuer.keys[0].kid},
            json.dumps(issuer.claims() | {name: value}),
            issuer.keys[0],
        )
        token = signed.encode()
    else:
        bit = data.draw(st.integers(0, 8 * len(good) - 1))
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        token = bytes(changed)
    try:
        claims = verified(issuer, token)
    except WrongToken:
        return
    assert kind in ("claims", "bits")
    assert claims.issuer == issuer.url
