"""Does nobody sign in but whoever should?"""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from infra.issuer.passwords import WeakPassword, generated_password, hashed, refuse_weak
from infra.issuer.sign_in import WRONG
from tests.issuer.desk import Clock, Desk, at_desk, told

STRONG = {"acr_values": "urn:registrar:second-factor"}


def shown(page: httpx.Response) -> str:
    """Return what a page says is wrong."""
    return re.findall(r'role="alert" id="wrong">([^<]+)<', page.text)[0]


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(dsn: str, tmp_path: Path) -> None:
    """Nobody learns who has an account: not from the words, nor the status, nor the length."""

    async def story(one: Desk, _: Clock) -> None:
        answers = []
        for name, password in (("admin", "wrong"), ("nobody", one.password), ("", "")):
            page = await one.page(one.asking())
            answers.append(await one.send(page, name=name, password=password))
        assert {shown(page) for page in answers} == {WRONG}
        assert {page.status_code for page in answers} == {403}
        assert len({len(page.text) for page in answers}) == 1

    at_desk(dsn, tmp_path, story)


def test_who_guesses_has_to_wait(dsn: str, tmp_path: Path) -> None:
    """After five attempts at one account the right password helps as little as a wrong one, and
    that for accounts that there are and those that there are not; from elsewhere it still does."""

    async def story(one: Desk, clock: Clock) -> None:
        for name in ("admin", "nobody"):
            for _ in range(5):
                page = await one.page(one.asking())
                assert (
                    await one.send(page, name=name, password=one.password[1:])
                ).status_code == 403
            refused = await one.send(page, name=name, password=one.password)
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "1"
        clock.move(1)
        page = await one.page(one.asking())
        assert (await one.send(page, name="admin", password=one.password[1:])).status_code == 403
        waits = (await one.send(page, name="admin", password=one.password)).headers["retry-after"]
        assert waits == "2"
        clock.move(2)
        assert "code" in told(await one.sign_in())

    at_desk(dsn, tmp_path, story)


def test_a_session_that_was_there_before_is_not_the_one_after(dsn: str, tmp_path: Path) -> None:
    """What a browser was made to hold before is worth nothing after signing in, with the password
    and with the second factor."""

    async def story(one: Desk, _: Clock) -> None:
        cookie = one.issuer.cookie
        planted = "planted" * 6
        one.browser.cookies.set(cookie, planted, domain="127.0.0.1")
        await one.sign_in()
        first = one.browser.cookies[cookie]
        assert planted != first
        await one.enrol()
        second = one.browser.cookies[cookie]
        one.browser.cookies.clear()
        for old in (planted, first):
            one.browser.cookies.set(cookie, old, domain="127.0.0.1")
            assert "/sign-in?" in str((await one.page(one.asking())).url)
            one.browser.cookies.clear()
        one.browser.cookies.set(cookie, second, domain="127.0.0.1")
        assert "code" in told(await one.page(one.asking()))

    at_desk(dsn, tmp_path, story)


def test_a_second_factor_is_added_asked_for_and_told(dsn: str, tmp_path: Path) -> None:
    """From then on the password alone opens nothing; tokens say that both were given."""

    async def story(one: Desk, clock: Clock) -> None:
        await one.sign_in()
        codes = await one.enrol()
        recovery = re.findall(r"<li>([\w-]{19})</li>", codes.text)
        assert len(set(recovery)) == 10
        assert "code" in told(await one.page(one.asking(**STRONG)))
        one.browser = one.another()
        page = await one.send(await one.page(one.asking()), name="admin", password=one.password)
        assert "/second-factor?" in str(page.url)
        around = await one.page(one.asking())
        assert "/second-factor?" in str(around.url)
        assert told(await one.page(one.asking(prompt="none")))["error"] == "interaction_required"
        replayed = await one.send(page, code=one.code())
        assert replayed.status_code == 403
        clock.move(30)
        back = told(await one.send(page, code=one.code()))
        access = (await one.for_code(back["code"])).json()["access_token"]
        claims = one.issuer.tokens.read_access(access, clock())
        assert claims["acr"] == "urn:registrar:second-factor"
        assert claims["amr"] == ["pwd", "otp", "mfa"]
        for status in (303, 403):
            one.browser = one.another()
            page = await one.send(await one.page(one.asking()), name="admin", password=one.password)
            assert (await one.send(page, code=recovery[0].upper())).status_code == status

    at_desk(dsn, tmp_path, story)


def test_a_code_of_the_phone_is_good_once(dsn: str, tmp_path: Path) -> None:
    """Neither the same nor an earlier one is taken again, though both would still be in time; one
    that is too old never is."""

    async def story(one: Desk, clock: Clock) -> None:
        await one.sign_in()
        await one.enrol()

        async def try_code(steps: int) -> int:
            one.browser = one.another()
            page = await one.page(one.asking())
            page = await one.send(page, name="admin", password=one.password)
            return (await one.send(page, code=one.code(steps))).status_code

        assert await try_code(0) == 403
        clock.move(90)
        assert await try_code(-2) == 403
        assert await try_code(1) == 303
        assert await try_code(1) == 403
        assert await try_code(0) == 403

    at_desk(dsn, tmp_path, story)


def test_who_guesses_codes_has_to_wait(dsn: str, tmp_path: Path) -> None:
    """Whoever has the password gets five guesses, and from then on few, from however many browsers;
    so does who adds a phone."""

    async def story(one: Desk, _: Clock) -> None:
        await one.sign_in()
        await one.enrol()
        statuses = []
        for _ in range(6):
            one.browser = one.another()
            page = await one.page(one.asking())
            page = await one.send(page, name="admin", password=one.password)
            statuses.append((await one.send(page, code="000000")).status_code)
        assert statuses == [403] * 5 + [429]

    at_desk(dsn, tmp_path, story)


@pytest.mark.parametrize("how", ["no token", "other's token", "other site", "no cookie", "json"])
def test_a_form_of_somebody_else_is_not_taken(dsn: str, tmp_path: Path, how: str) -> None:
    """What another site sends, or a form without what belongs to this browser, signs nobody in."""

    async def story(one: Desk, _: Clock) -> None:
        page = await one.page(one.asking())
        fields = {"name": "admin", "password": one.password}
        token = re.findall(r'name="form_token" value="([^"]*)"', page.text)[0]
        headers = {}
        if how == "other's token":
            mine, one.browser = one.browser, one.another()
            page = await one.page(one.asking())
            token = re.findall(r'name="form_token" value="([^"]*)"', page.text)[0]
            one.browser = mine
        if how == "other site":
            headers = {"Sec-Fetch-Site": "cross-site"}
        if how == "no cookie":
            one.browser.cookies.clear()
        if how != "no token":
            fields["form_token"] = token
        address = str(page.url)
        if how == "json":
            answer = await one.browser.post(address, json=fields)
        else:
            answer = await one.browser.post(address, data=fields, headers=headers)
        assert answer.status_code == (400 if how == "json" else 403)
        assert one.issuer.cookie not in one.browser.cookies
        assert "did not work" in answer.text

    at_desk(dsn, tmp_path, story)


def test_signing_out_ends_what_was_given(dsn: str, tmp_path: Path) -> None:
    """A program that shows the id token signs its person out; anybody else is asked; nobody is sent
    to an address that was not made known."""

    async def story(one: Desk, _: Clock) -> None:
        given = (await one.for_code(told(await one.sign_in())["code"])).json()
        asked = await one.page("/issuer/end-session")
        assert "Sign out?" in asked.text
        assert "code" in told(await one.page(one.asking()))
        hint = f"/issuer/end-session?id_token_hint={given['id_token']}"
        wrong = await one.page(f"{hint}&post_logout_redirect_uri=https://evil.example/")
        assert wrong.status_code == 400
        back = "http://127.0.0.1:8000/console/signed-out"
        gone = await one.page(f"{hint}&post_logout_redirect_uri={back}&state=x")
        assert gone.headers["location"] == f"{back}?state=x"
        assert "/sign-in?" in str((await one.page(one.asking())).url)
        refresh = {"grant_type": "refresh_token", "client_id": "console"}
        again = await one.tokens(refresh_token=given["refresh_token"], **refresh)
        assert again.json()["error"] == "invalid_grant"

    at_desk(dsn, tmp_path, story)


def test_who_is_disabled_has_nothing_any_more(dsn: str, tmp_path: Path) -> None:
    """Neither the session nor the password nor the refresh token."""

    async def story(one: Desk, _: Clock) -> None:
        given = (await one.for_code(told(await one.sign_in())["code"])).json()
        admin = await one.issuer.users.named("Admin ")
        assert admin is not None
        await one.issuer.users.set_disabled(admin.id, True)
        refresh = {"grant_type": "refresh_token", "client_id": "console"}
        again = await one.tokens(refresh_token=given["refresh_token"], **refresh)
        assert again.status_code == 400
        page = await one.page(one.asking())
        assert shown(await one.send(page, name="admin", password=one.password)) == WRONG

    at_desk(dsn, tmp_path, story)


@pytest.mark.parametrize(
    "password",
    [
        "short-secret"[:11],
        "a" * 300,
        "aaaaaaaaaaaaa",
        "1234567890123",
        "my-admin-is-nice",
        "Registrar-2026",
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    """Short, common, or with the name in it; anything else is the person's own choice."""
    with pytest.raises(WeakPassword):
        refuse_weak(password, "admin")


def test_a_random_password_and_a_sentence_are_taken() -> None:
    """No rule says which characters there have to be."""
    refuse_weak(generated_password(), "admin")
    refuse_weak("correct horse battery staple", "admin")
    assert hashed("correct horse battery staple").startswith("$argon2id$")
