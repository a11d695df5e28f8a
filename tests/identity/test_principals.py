"""Who is it that a token speaks of, and what do they have here?"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.access import Role
from infra.erasure.forgetting import Forgetting
from infra.identity.actors import Actors, MemoryActors, PostgresActors
from infra.identity.errors import WrongToken
from infra.identity.grants import KEPT_SECONDS, Granted, KeptGrants
from infra.identity.principals import KEPT_SECONDS_MAX, Principals, Trusted
from infra.identity.tokens import Claims
from infra.keys.epochs import MemoryEpochKeys
from infra.keys.rows import SqlKeyRows
from infra.keys.sqlite import SqliteDatabase
from infra.keys.store import KeyStore
from infra.pools import async_pool
from projections.ports import StoreUnavailable

HERE = "https://id.example.org"
NOTHING = Trusted()


class Believed:
    """Stands for a verifier: takes any token, and says these claims of it. Counts."""

    def __init__(self, **claims: Any) -> None:
        self.claims = claims
        self.asked = 0

    async def verify(self, _: bytes) -> Claims:
        self.asked += 1
        said = {"sub": "ann", "client": "console", "scope": "registrar", "exp": 1_000.0}
        said |= {"acr": None, "amr": (), **self.claims}
        return Claims(
            HERE,
            said["sub"],
            said["client"],
            frozenset(said["scope"].split()),
            said["acr"],
            frozenset(said["amr"]),
            said["exp"],
            self.claims,
        )


class Given:
    """Grants that a test changes. Counts."""

    def __init__(self) -> None:
        self.now = Granted()
        self.asked = 0

    async def of(self, tenant: str, actor: str) -> Granted:  # noqa: ARG002 - the port's signature
        self.asked += 1
        return self.now


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Place:
    """What makes principals, and all that it rests on."""

    def __init__(self, trusted: Trusted = NOTHING, **claims: Any) -> None:
        self.believed, self.given, self.clock = Believed(**claims), Given(), Clock()
        self.actors = MemoryActors()
        self.principals = Principals(
            self.believed,  # type: ignore[arg-type]
            self.actors,
            self.given,
            trusted,
            30.0,
            self.clock,
        )

    def of(self, token: bytes = b"token") -> Any:
        return asyncio.run(self.principals.of(token))


def test_a_person_is_a_learner_with_a_record_of_their_own() -> None:
    """Without any grant, and whatever the issuer says of roles: nothing of it is believed unless it
    is set."""
    asking = Place(roles=["administrator"], tenant="other", subject="s1").of()
    assert asking.roles == {Role.LEARNER}
    assert (asking.tenant, asking.client, asking.service) == ("main", "console", False)
    assert asking.scopes is None
    assert not asking.strong
    assert asking.actor not in ("ann", "s1")
    assert len(asking.actor) == 20


def test_claims_that_are_trusted_count() -> None:
    """Roles that nobody can be given are left out, as are those that are not known."""
    trusted = Trusted("realm_access.roles", "tenant", "learner", frozenset({"2"}))
    told = {"roles": ["grader", "policy", "owner", 7]}
    asking = Place(trusted, realm_access=told, tenant="arts", learner="s1", acr="2").of()
    assert asking.roles == {Role.LEARNER, Role.GRADER}
    assert (asking.tenant, asking.actor, asking.strong) == ("arts", "s1", True)


@pytest.mark.parametrize(
    ("trusted", "claims"),
    [
        (Trusted(tenant="tenant"), {}),
        (Trusted(tenant="tenant"), {"tenant": "../main"}),
        (Trusted(tenant="tenant"), {"tenant": ["main"]}),
        (Trusted(subject="learner"), {}),
        (Trusted(subject="learner"), {"learner": "a/b"}),
        (Trusted(subject="learner"), {"learner": "service~reports"}),
        (Trusted(), {"sub": "a/b", "client": "a/b"}),
    ],
)
def test_what_a_trusted_claim_must_say_is_not_made_up(
    trusted: Trusted, claims: dict[str, Any]
) -> None:
    with pytest.raises(WrongToken):
        Place(trusted, **claims).of()


def test_roles_that_are_no_list_are_none() -> None:
    assert Place(Trusted(roles="roles"), roles="administrator").of().roles == {Role.LEARNER}
    assert Place(Trusted(roles="a.b"), a=["b"]).of().roles == {Role.LEARNER}


def test_a_second_factor_is_known_by_method_too() -> None:
    assert Place(amr=["pwd", "mfa"]).of().strong
    assert not Place(amr=["pwd"], acr="2").of().strong


def test_a_service_is_itself_and_no_learner() -> None:
    """It has its scopes; the one for all that a person may do is none of its own."""
    asking = Place(sub="reports", client="reports", scope="read registrar").of()
    assert (asking.actor, asking.service, asking.roles) == ("service~reports", True, frozenset())
    assert asking.scopes == {"read", "registrar"}


def test_a_token_is_looked_at_once_for_a_while() -> None:
    """Not beyond its end, and not so long that a withdrawn key goes on opening doors."""
    place = Place(exp=100.0)
    assert place.of() == place.of()
    assert place.believed.asked == 1
    place.of(b"another")
    assert place.believed.asked == 2
    place.clock.seconds = KEPT_SECONDS_MAX
    place.of()
    assert place.believed.asked == 3
    place.clock.seconds = 130.0
    place.of()
    assert place.believed.asked == 4


def test_grants_count_at_once_beside_what_the_token_says() -> None:
    """In the whole tenant, and in runs."""
    place = Place()
    place.of()
    runs = frozenset({"R1", "R2"})
    place.given.now = Granted(frozenset({Role.REGISTRAR}), {Role.GRADER: runs})
    asking = place.of()
    assert asking.roles == {Role.LEARNER, Role.REGISTRAR}
    assert asking.runs == {Role.GRADER: runs}
    place.given.now = Granted()
    assert place.of().roles == {Role.LEARNER}


def test_grants_are_kept_for_a_moment_only() -> None:
    given, clock = Given(), Clock()
    kept = KeptGrants(given, clock)

    async def ask() -> Granted:
        return await kept.of("main", "ann")

    assert asyncio.run(ask()) == asyncio.run(ask()) == Granted()
    given.now = Granted(frozenset({Role.GRADER}))
    assert given.asked == 1
    clock.seconds = KEPT_SECONDS
    assert asyncio.run(ask()) == given.now


@asynccontextmanager
async def in_memory(_: str) -> AsyncIterator[Actors]:
    """Actors of this process."""
    yield MemoryActors()


@asynccontextmanager
async def in_postgres(dsn: str) -> AsyncIterator[Actors]:
    """Actors in a table."""
    async with async_pool(dsn, 4, autocommit=True) as pool:
        yield PostgresActors(pool, secrets.token_bytes(32))


@pytest.fixture(params=[in_memory, in_postgres])
def actors(request: pytest.FixtureRequest, dsn: str) -> Callable[..., None]:
    """Play a scenario with each of what keeps pseudonyms."""

    def play(scenario: Callable[[Actors], Awaitable[None]]) -> None:
        async def run() -> None:
            async with request.param(dsn) as kept:
                await scenario(kept)

        asyncio.run(run())

    return play


def test_a_person_keeps_their_pseudonym(actors: Callable[..., None]) -> None:
    """Another person has another one, and so has the same one of another tenant or issuer."""

    async def scenario(kept: Actors) -> None:
        first = await kept.of("main", HERE, "ann")
        assert await kept.of("main", HERE, "ann") == first
        others = [
            await kept.of("main", HERE, "bob"),
            await kept.of("arts", HERE, "ann"),
            await kept.of("main", HERE + "/other", "ann"),
        ]
        assert len({first, *others}) == 4

    actors(scenario)


def test_who_signs_in_twice_at_once_gets_one_pseudonym(actors: Callable[..., None]) -> None:
    async def scenario(kept: Actors) -> None:
        found = await asyncio.gather(*(kept.of("main", HERE, "ann") for _ in range(20)))
        assert len(set(found)) == 1

    actors(scenario)


def test_who_is_erased_comes_as_somebody_new(dsn: str, tmp_path: Path) -> None:
    """Of that tenant only."""

    async def scenario() -> None:
        keys = KeyStore(SqlKeyRows(SqliteDatabase(tmp_path / "keys.db")), MemoryEpochKeys())
        async with in_postgres(dsn) as kept:
            first, other = await kept.of("main", HERE, "ann"), await kept.of("main", HERE, "bob")
            with closing(Forgetting(keys, dsn)) as forgetting:
                await forgetting.delete_rows("arts", first)
                assert await kept.of("main", HERE, "ann") == first
                await forgetting.delete_rows("main", first)
            assert await kept.of("main", HERE, "ann") != first
            assert await kept.of("main", HERE, "bob") == other

    asyncio.run(scenario())


def test_nothing_in_the_table_says_who_somebody_is(dsn: str) -> None:
    """Nor could it be found by trying names, without the secret."""

    async def scenario() -> None:
        async with in_postgres(dsn) as kept:
            await kept.of("main", HERE, "ann")

    asyncio.run(scenario())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select tenant, person, actor from identity.actors").fetchall()
    assert len(rows) == 1
    assert b"ann" not in bytes(rows[0][1])
    assert "ann" not in rows[0][2]


def test_where_pseudonyms_cannot_be_looked_up_nobody_comes_in() -> None:
    """Fails closed: no pseudonym is made up meanwhile."""

    async def scenario() -> None:
        async with in_postgres("postgresql://x@127.0.0.1:1/x") as kept:
            with pytest.raises(StoreUnavailable):
                await kept.of("main", HERE, "ann")

    asyncio.run(scenario())
