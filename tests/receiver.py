"""A receiver of webhooks that keeps every call and answers as a test wants it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Call:
    """One POST as it came; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def delivery(self) -> str:
        """The id of the delivery."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Receiver:
    """Listens at one address of this machine.

    Attributes:
        replies: what is answered on a path, one for each call; the last one for all further calls.
        calls: all that came.
        connections: how many connections there were, also of those who said nothing.
        open: how many calls are being answered, by path; and the most there ever were.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.calls: list[Call] = []
        self.connections = 0
        self.open: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        self.port = port
        self._host = host
        self._tls = tls
        self._arrived = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def until(self, count: int, path: str | None = None, seconds: float = 20) -> list[Call]:
        """Wait for that many calls, on one path if it is given."""
        async with asyncio.timeout(seconds):
            while len(found := [call for call in self.calls if path in (None, call.path)]) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            # Cancelled at the end of the test: what is left of the connection would only be logged.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer(await _read(reader), writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        self.calls.append(call)
        self._arrived.set()
        self.open[call.path] += 1
        self.most_open[call.path] = max(self.most_open[call.path], self.open[call.path])
        try:
            replies = self.replies.get(call.path, [status(204)])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            if callable(reply):
                await reply(writer)
            else:
                writer.write(reply)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        finally:
            self.open[call.path] -= 1


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    assert method == "POST"
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Call(path, headers, await reader.readexactly(int(headers["content-length"])))


def status(code: int, *headers: str) -> bytes:
    """Make an answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} Said", "Content-Length: 0", *headers]).encode() + b"\r\n\r\n"


async def hang(_writer: asyncio.StreamWriter) -> None:
    """Answer never."""
    await asyncio.Event().wait()


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answer well, with a body that has no end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def endless_head(writer: asyncio.StreamWriter) -> None:
    """Answer with headers that have no end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + b"x" * 8192 + b"\r\n")
        await writer.drain()
