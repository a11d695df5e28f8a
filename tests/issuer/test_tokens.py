"""Does the issuer give tokens to whom they belong, and to nobody else?"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from infra.issuer.first_start import make_first, read_credential
from infra.issuer.keys import IssuerKeys, WrongKeys
from tests.issuer.desk import (
    BACK,
    ORIGIN,
    OTHER,
    OTHER_BACK,
    SERVICE,
    SERVICE_SECRET,
    Clock,
    Desk,
    at_desk,
    told,
)


async def read(one: Desk, token: str) -> jwt.Token:
    """Check a token's signature with the keys that the issuer publishes."""
    keys = (await one.browser.get("/issuer/keys")).json()
    return jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])


def test_a_person_signs_in_and_a_program_gets_tokens(dsn: str, tmp_path: Path) -> None:
    """Both tokens say who, when and how; the access token is one of RFC 9068."""

    async def story(one: Desk, clock: Clock) -> None:
        back = told(await one.sign_in())
        assert back["state"] == "state-1"
        assert back["iss"] == f"{ORIGIN}/issuer"
        given = (await one.for_code(back["code"])).json()
        access = await read(one, given["access_token"])
        assert access.header["typ"] == "at+jwt"
        now = int(clock().timestamp())
        expected = {
            "iss": f"{ORIGIN}/issuer",
            "aud": "registrar",
            "client_id": "console",
            "scope": "openid profile registrar",
            "tenant": "main",
            "roles": ["administrator", "auditor", "instructor", "registrar"],
            "auth_time": now,
            "acr": "urn:registrar:password",
            "amr": ["pwd"],
            "iat": now,
            "exp": now + 600,
        }
        assert {name: access.claims[name] for name in expected} == expected
        identity = await read(one, given["id_token"])
        assert identity.claims["nonce"] == "nonce-1"
        assert identity.claims["aud"] == "console"
        assert identity.claims["sub"] == access.claims["sub"]
        about = await one.browser.get(
            "/issuer/userinfo", headers={"authorization": f"Bearer {given['access_token']}"}
        )
        assert about.json()["preferred_username"] == "admin"

    at_desk(dsn, tmp_path, story)


def test_a_service_gets_a_token_with_its_secret(dsn: str, tmp_path: Path) -> None:
    """In the header or in the form; the subject is the program itself, which has no session."""

    async def story(one: Desk, _: Clock) -> None:
        answer = await one.browser.post(
            "/issuer/token",
            data={"grant_type": "client_credentials"},
            auth=(SERVICE, SERVICE_SECRET),
        )
        claims = (await read(one, answer.json()["access_token"])).claims
        assert (claims["sub"], claims["scope"]) == (SERVICE, "read export")
        assert "refresh_token" not in answer.json()
        form = {"client_id": SERVICE, "client_secret": SERVICE_SECRET}
        assert (await one.tokens(grant_type="client_credentials", **form)).status_code == 200
        wrong = await one.tokens(
            grant_type="client_credentials", client_id=SERVICE, client_secret=SERVICE_SECRET[1:]
        )
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        more = await one.tokens(grant_type="client_credentials", scope="grading", **form)
        assert more.json()["error"] == "invalid_scope"
        less = await one.tokens(grant_type="client_credentials", scope="read grading", **form)
        assert less.json()["scope"] == "read"
        public = await one.tokens(grant_type="client_credentials", client_id="console")
        assert public.json()["error"] == "unauthorized_client"

    at_desk(dsn, tmp_path, story)


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": f"{BACK}/"},
        {"client_id": OTHER},
        {"code": "no-such-code"},
    ],
    ids=["wrong verifier", "other address", "other program", "no code"],
)
def test_a_code_is_good_for_whom_it_was_given_only(
    dsn: str, tmp_path: Path, changed: dict[str, str]
) -> None:
    """Whoever has a code, but not all that belongs to it, gets nothing; nor does a second try."""

    async def story(one: Desk, _: Clock) -> None:
        code = told(await one.sign_in())["code"]
        refused = await one.for_code(**({"code": code} | changed))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
        if "code" not in changed:
            assert (await one.for_code(code)).json()["error"] == "invalid_grant"

    at_desk(dsn, tmp_path, story)


def test_a_code_shown_twice_takes_back_what_came_of_it(dsn: str, tmp_path: Path) -> None:
    """Also long after it has expired."""

    async def story(one: Desk, clock: Clock) -> None:
        code = told(await one.sign_in())["code"]
        given = (await one.for_code(code)).json()
        clock.move(3_600)
        assert (await one.for_code(code)).json()["error"] == "invalid_grant"
        refresh = {"grant_type": "refresh_token", "client_id": "console"}
        again = await one.tokens(refresh_token=given["refresh_token"], **refresh)
        assert again.json()["error"] == "invalid_grant"

    at_desk(dsn, tmp_path, story)


def test_a_code_lasts_a_minute(dsn: str, tmp_path: Path) -> None:
    """One that was not used by then is worth nothing."""

    async def story(one: Desk, clock: Clock) -> None:
        code = told(await one.sign_in())["code"]
        clock.move(61)
        assert (await one.for_code(code)).json()["error"] == "invalid_grant"

    at_desk(dsn, tmp_path, story)


def test_a_refresh_token_is_good_once(dsn: str, tmp_path: Path) -> None:
    """Shown a second time, it may have been stolen: its successors are worth nothing either."""

    async def story(one: Desk, clock: Clock) -> None:
        refresh = {"grant_type": "refresh_token", "client_id": "console"}
        first = (await one.for_code(told(await one.sign_in())["code"])).json()
        clock.move(700)
        second = (await one.tokens(refresh_token=first["refresh_token"], **refresh)).json()
        claims = (await read(one, second["access_token"])).claims
        assert claims["exp"] == int(clock().timestamp()) + 600
        assert claims["auth_time"] == int(clock().timestamp()) - 700
        stolen = await one.tokens(refresh_token=first["refresh_token"], **refresh)
        assert stolen.json()["error"] == "invalid_grant"
        after = await one.tokens(refresh_token=second["refresh_token"], **refresh)
        assert after.json()["error"] == "invalid_grant"

    at_desk(dsn, tmp_path, story)


def test_what_is_given_back_or_ended_is_worth_nothing(dsn: str, tmp_path: Path) -> None:
    """Revocation, and a session's end after twelve hours."""

    async def story(one: Desk, clock: Clock) -> None:
        refresh = {"grant_type": "refresh_token", "client_id": "console"}
        first = (await one.for_code(told(await one.sign_in())["code"])).json()["refresh_token"]
        gone = await one.browser.post(
            "/issuer/revoke", data={"token": first, "client_id": "console"}
        )
        assert gone.status_code == 200
        assert (await one.tokens(refresh_token=first, **refresh)).status_code == 400
        second = (await one.for_code(told(await one.sign_in())["code"])).json()["refresh_token"]
        clock.move(12 * 3_600)
        assert (await one.tokens(refresh_token=second, **refresh)).status_code == 400

    at_desk(dsn, tmp_path, story)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "ey"}, "request_not_supported"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
    ],
)
def test_a_program_is_told_what_it_asked_wrongly(
    dsn: str, tmp_path: Path, changed: dict[str, Any], error: str
) -> None:
    """By its own address, with its state and the issuer's name."""

    async def story(one: Desk, _: Clock) -> None:
        back = told(await one.page(one.asking(**changed)))
        assert (back["error"], back["state"]) == (error, "state-1")
        assert back["iss"] == f"{ORIGIN}/issuer"

    at_desk(dsn, tmp_path, story)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": OTHER_BACK},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": "http://localhost:8000/console/callback"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": "' or 1=1"},
    ],
)
def test_nobody_is_sent_where_they_may_not_go(
    dsn: str, tmp_path: Path, changed: dict[str, Any]
) -> None:
    """An address that is not, letter by letter, one of the program's gets a page, not a browser."""

    async def story(one: Desk, _: Clock) -> None:
        page = await one.page(one.asking(**changed))
        assert page.status_code == 400
        assert "did not work" in page.text

    at_desk(dsn, tmp_path, story)


def test_the_first_start_makes_one_administrator_once(dsn: str, tmp_path: Path) -> None:
    """Its password is given out once; the credential of this machine is its owner's."""

    async def story(one: Desk, _: Clock) -> None:
        assert [user.name for user in await one.issuer.users.all()] == ["admin"]
        assert await make_first(one.issuer, tmp_path) is None
        mode = stat.S_IMODE((tmp_path / "command-line.json").stat().st_mode)
        assert mode == 0o600
        credential = read_credential(tmp_path)
        assert credential is not None
        assert credential.issuer == f"{ORIGIN}/issuer"
        proof = {"client_id": credential.client_id, "client_secret": credential.client_secret}
        given = await one.tokens(grant_type="client_credentials", **proof)
        assert given.status_code == 200

    at_desk(dsn, tmp_path, story)


def test_keys_are_replaced_while_the_issuer_runs(dsn: str, tmp_path: Path) -> None:
    """New tokens have the new key; the old one is still published, for what it signed."""

    async def story(one: Desk, _: Clock) -> None:
        async def token() -> str:
            form = {"client_id": SERVICE, "client_secret": SERVICE_SECRET}
            answer: httpx.Response = await one.tokens(grant_type="client_credentials", **form)
            return str(answer.json()["access_token"])

        old = await token()
        IssuerKeys(tmp_path / "issuer.keys").replace()
        new = await token()
        assert (await read(one, old)).header["kid"] != (await read(one, new)).header["kid"]

    at_desk(dsn, tmp_path, story)


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    """The file is its owner's alone."""
    IssuerKeys(tmp_path / "issuer.keys")
    (tmp_path / "issuer.keys").chmod(0o644)
    with pytest.raises(WrongKeys, match="0600"):
        IssuerKeys(tmp_path / "issuer.keys")
