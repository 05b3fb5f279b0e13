"""Free ports on the loopback address."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable
from itertools import chain

LOOPBACK = "127.0.0.1"
RANGE = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections (32768 and up), so that a server that is
started again finds its port still free."""


class Ports:
    """Gives out ports, none of them twice."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def take(self, *preferred: int) -> int:
        """Choose a port on which nothing listens.

        Args:
            preferred: tried first, in this order.

        Raises:
            OSError: there is none.
        """
        for port in chain(preferred, _shuffled(RANGE)):
            if port and port not in self._given and is_free(port):
                self._given.add(port)
                return port
        raise OSError(f"no free port between {RANGE.start} and {RANGE.stop}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no obstacle
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _shuffled(ports: range) -> Iterable[int]:
    return random.sample(ports, k=len(ports))
