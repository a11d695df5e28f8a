"""How is an Apache Kafka started, one node that is broker and controller?"""

from __future__ import annotations

import socket
import struct
import subprocess
from pathlib import Path

from infra.engines.account import EngineError, let_through
from infra.engines.engine import Engine
from infra.engines.java import WARM_SOON, jdk
from infra.engines.ports import HOST
from infra.engines.provision import found
from infra.engines.recipes import KAFKA

HEAP = "512m"
TOOL_SECONDS_MAX = 60
ASK_SECONDS_MAX = 2.0
API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""A request of Kafka's protocol: its length, ApiVersions, version 0, number 1, no client's name."""

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
message.max.bytes=4194304
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
"""The last two make a restart after a crash take seconds, not a quarter of a minute."""


class Kafka(Engine):
    """One Kafka. ``install`` is the folder with its jars in ``libs/``; None: the provisioned one.

    Raises EngineError where it was not provisioned.
    """

    name = "Kafka"
    port_names = ("broker", "controller")

    def __init__(self, folder: Path, install: Path | None = None) -> None:
        super().__init__(folder)
        self.install = install or found(KAFKA)
        self._java = jdk(KAFKA.java_min, self.name).java

    @property
    def bootstrap(self) -> str:
        """The address for clients, host:port."""
        return f"{HOST}:{self.ports['broker']}"

    def _version(self) -> str:
        return self.install.name.rpartition("-")[2]

    def _prepare(self) -> None:
        if self._account is not None:
            let_through(self.install / "libs", self._account)
        data, settings = self.folder / "data", self.folder / "server.properties"
        settings.write_text(SETTINGS.format(host=HOST, data=data, **self.ports))
        if not (data / "meta.properties").exists():
            tool = [self._java, "-cp", f"{self.install}/libs/*", "kafka.tools.StorageTool"]
            storage = _said([*tool, "random-uuid"])
            _said([*tool, "format", "-t", storage, "-c", str(settings)])

    def _command(self) -> list[str]:
        return [
            self._java,
            f"-Xms{HEAP}",
            f"-Xmx{HEAP}",
            "-XX:+UseG1GC",
            WARM_SOON,
            "-XX:+ExitOnOutOfMemoryError",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            f"{self.install}/libs/*",
            "kafka.Kafka",
            str(self.folder / "server.properties"),
        ]

    def _ready(self) -> bool:
        address = (HOST, self.ports["broker"])
        with socket.create_connection(address, ASK_SECONDS_MAX) as connection:
            connection.sendall(API_VERSIONS)
            return len(connection.recv(16)) > 0


def _said(command: list[str]) -> str:
    """Run one of Kafka's tools to its end and return what it says. Raises EngineError."""
    try:
        done = subprocess.run(  # noqa: S603  # Kafka's own tools
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TOOL_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"Kafka's data folder cannot be made: {error}") from error
    if done.returncode != 0:
        raise EngineError(f"Kafka's data folder cannot be made: {done.stderr.strip()}")
    return done.stdout.strip()
