"""Ways to ask a process whether it serves; each answers no rather than raise."""

from __future__ import annotations

import asyncio
import struct

from sightline.standalone.ports import LOOPBACK
from sightline.standalone.program import Probe

PATIENCE_SECONDS = 2.0


def http_ok(port: int, path: str) -> Probe:
    """Ready when `GET path` on a loopback port is answered with 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()

    async def probe() -> bool:
        answer = await _exchange(port, request)
        return answer.split(b" ", 2)[1:2] == [b"200"]

    return probe


def valkey_pong(port: int, password: str) -> Probe:
    """Ready when the server takes the password and answers a ping."""
    request = f"AUTH {password}\r\nPING\r\n".encode()

    async def probe() -> bool:
        return await _exchange(port, request, until=b"+PONG\r\n") == b"+OK\r\n+PONG\r\n"

    return probe


def postgres_greets(port: int, user: str) -> Probe:
    """Ready when the server asks for the password; while it starts or ends it answers with an error instead.

    Source: PostgreSQL documentation, 54.2.1 (start-up) and 54.7 (StartupMessage, protocol 3.0).
    """
    body = struct.pack("!i", 3 << 16) + b"user\0" + user.encode() + b"\0database\0postgres\0\0"
    request = struct.pack("!i", len(body) + 4) + body

    async def probe() -> bool:
        return (await _exchange(port, request, until=b"\0")).startswith(b"R")

    return probe


async def _exchange(port: int, request: bytes, until: bytes = b"\r\n") -> bytes:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(request)
                return await reader.readuntil(until)
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
