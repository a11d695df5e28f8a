"""How is a Redis started, and how is it kept small?"""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from infra.engines.engine import Engine, EngineError
from infra.engines.ports import HOST

PING_SECONDS_MAX = 1.0
SETTINGS = {
    "bind": HOST,
    "daemonize": "no",
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
}
"""What it holds may go at any time, so it forgets the least used when it is full."""


def redis_server() -> str:
    """Return the path of the server's program. Raises EngineError where there is none."""
    found = shutil.which("redis-server") or shutil.which("redis-server", path="/usr/bin:/usr/sbin")
    if found is None:
        raise EngineError("redis-server is missing (Debian: apt-get install redis-server)")
    return found


class Redis(Engine):
    """One Redis server. Raises EngineError where its program is missing."""

    name = "Redis"
    port_names = ("redis",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._program = redis_server()

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"redis://{HOST}:{self.ports['redis']}/0"

    def _version(self) -> str:
        said = subprocess.run(  # noqa: S603  # Redis's own program
            [self._program, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
        return said.stdout.partition("v=")[2].partition(" ")[0]

    def _prepare(self) -> None:
        settings = {**SETTINGS, "port": str(self.ports["redis"]), "dir": f'"{self.folder}"'}
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        (self.folder / "redis.conf").write_text(text)

    def _command(self) -> list[str]:
        return [self._program, str(self.folder / "redis.conf")]

    def _ready(self) -> bool:
        address = (HOST, self.ports["redis"])
        with socket.create_connection(address, PING_SECONDS_MAX) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
