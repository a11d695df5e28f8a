"""Which ports of loopback may an engine have?"""

from __future__ import annotations

import random
import socket

from infra.engines.account import EngineError

HOST = "127.0.0.1"
PORTS = range(15_000, 32_000)
"""Below those that the kernel gives to clients: none may sit there while the engine is away."""
TRIES_MAX = 200


def free(port: int) -> bool:
    """Whether nobody listens there. Connections that have just ended do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return some free ports. Raises EngineError where there are not so many."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, TRIES_MAX):
        if len(found) < count and free(port):
            found.append(port)
    if len(found) < count:
        raise EngineError(f"no {count} free ports between {PORTS.start} and {PORTS.stop}")
    return found
