"""Which engines and processes make up a cluster on one machine, and in which order do they go?"""

from __future__ import annotations

import asyncio
import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from infra.compose.keys import kept_beside
from infra.compose.signing_in import first_start, of_development
from infra.engines.account import EngineError
from infra.engines.binaries import NAME
from infra.engines.elasticsearch import Elasticsearch
from infra.engines.kafka import Kafka
from infra.engines.ports import free_ports
from infra.engines.postgres import Postgres
from infra.engines.redis import Redis
from infra.evidence.keys import kept_keys
from infra.evidence.sealing import key_file
from infra.logins import Login, let_in
from infra.migrations import migrate
from infra.settings.fields import Settings, variable
from infra.supervisor.child import Child
from infra.supervisor.engine import KeptEngine, all_ready
from infra.supervisor.kept import Groups, Kept, Told
from projections.register import READINGS

REPLICAS = 2
"""Of what has one leader: the other stands by."""
_LARGE = {
    "progress": ("progress", "catalogue"),
    "search": ("search",),
    "analytics": ("analytics",),
    "history": ("history",),
}
_SMALL = tuple(one.name for one in READINGS if one.name not in sum(_LARGE.values(), ()))
WORKERS = _LARGE | {"small": _SMALL}
"""The workers, and the readings that each keeps up: what few facts concern shares a process, and so
do the two that an enrolment is read from, which are then as far as each other."""
_LOGINS = {"relay": Login.RELAYS, "follow": Login.FOLLOWERS, "work": Login.WORKERS}


class Cluster:
    """The engines, and once those run, the processes.

    The database is the one that the data folder has for a server in one process, too.
    """

    def __init__(self, settings: Settings, told: Told) -> None:
        self.folder = settings.folder / "cluster"
        self._settings = settings
        self._told = told
        self._postgres = Postgres(settings.folder / "postgres")
        self._kafka = Kafka(self.folder / "kafka")
        self._elasticsearch = Elasticsearch(self.folder / "elasticsearch")
        self._redis = Redis(self.folder / "redis")
        self.engines = [
            KeptEngine("postgresql", told, self._postgres, lambda: "on a socket of its folder"),
            KeptEngine("kafka", told, self._kafka, lambda: self._kafka.bootstrap),
            KeptEngine("elasticsearch", told, self._elasticsearch, lambda: self._elasticsearch.url),
            KeptEngine("redis", told, self._redis, lambda: self._redis.url),
        ]
        self.password: str | None = None
        """The administrator's, where this start made one: its processes write into files."""
        self.apis: list[Child] = []
        self.others: list[Child] = []
        self._groups = Groups()

    @property
    def all(self) -> Sequence[Kept]:
        """Everything that is kept, in the order in which it is shown."""
        return [*self.engines, *self.apis, *self.others]

    @property
    def logs(self) -> Path:
        """Where each process's own words are."""
        return self.folder / "logs"

    @property
    def command_url(self) -> str:
        """Where commands go."""
        return _url(self._settings.host, self._settings.port)

    @property
    def query_url(self) -> str:
        """Where queries and the console are: the next port."""
        return _url(self._settings.host, self._settings.port + 1)

    @property
    def dsn(self) -> str:
        """The database's address, once the engines are started."""
        return self._postgres.dsn

    async def start_engines(self) -> None:
        """Start them all, and wait until they answer. Raises EngineError where one does not."""
        self._groups.begin(self.engines)
        await all_ready(self.engines)

    async def start_processes(self) -> None:
        """Migrate, and start every process. They find each other through the engines."""
        await asyncio.to_thread(migrate, self._postgres.dsn)
        await asyncio.to_thread(let_in, self._postgres.dsn)
        kept_keys(key_file(self._settings), self._settings.log_origin)
        if self._settings.access == "development":
            self.password = await first_start(self._settings, self.dsn, self.query_url)
        self.apis, self.others = self._apis(), self._others()
        self._groups.begin(self.others)
        self._groups.begin(self.apis)

    async def stop(self) -> None:
        """End everything in order: first whoever takes requests, the engines last."""
        await self._groups.end()

    def settings(self, login: Login) -> Settings:
        """The settings of one kind of process: those given, and where the engines are."""
        return msgspec.structs.replace(
            kept_beside(self._settings),
            database_url=self._postgres.address(NAME, login.value),
            kafka=self._kafka.bootstrap,
            elasticsearch_url=self._elasticsearch.url,
            redis_url=self._redis.url,
            log_key=str(key_file(self._settings)),
            example=False,
        )

    def _apis(self) -> list[Child]:
        port = self._settings.port
        return [
            self._api("commands", Login.COMMANDS, self.command_url, port),
            self._api("queries", Login.QUERIES, self.query_url, port + 1),
        ]

    def _api(self, only: str, login: Login, url: str, port: int) -> Child:
        verb = ["serve", "--only", only, "--port", str(port)]
        settings = self.settings(login)
        if login is Login.COMMANDS and settings.access == "development":
            settings = of_development(settings, self.query_url)
        return self._child(only, verb, f"{url}/readyz", settings)

    def _others(self) -> list[Child]:
        wanted = {f"relay-{number}": ["relay"] for number in range(1, REPLICAS + 1)}
        wanted |= {f"follow-{number}": ["follow"] for number in range(1, REPLICAS + 1)}
        wanted |= {
            f"work {name}": ["work", *readings, "--instance", f"{name}-0"]
            for name, readings in WORKERS.items()
        }
        found = []
        for (name, verb), port in zip(wanted.items(), free_ports(len(wanted)), strict=True):
            health = f"{_url(self._settings.host, port)}/healthz"
            words = [*verb, "--probe-port", str(port)]
            found.append(self._child(name, words, health, self.settings(_LOGINS[verb[0]])))
        return found

    def _child(self, name: str, verb: Sequence[str], health: str, settings: Settings) -> Child:
        self.logs.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "infra.cli.main", *verb]
        log = self.logs / f"{name.replace(' ', '-')}.log"
        return Child(name, self._told, command, environment(settings), log, health)


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a process these settings."""
    given = msgspec.structs.asdict(settings)
    return {variable(name): str(value) for name, value in given.items() if value is not None}


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a cluster's folder against a second one over it. Raises EngineError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".held").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"a cluster runs over {folder} already") from None
        yield


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
