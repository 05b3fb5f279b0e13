"""A proxy on the loopback for one child process: it connects to public hosts that were judged, and to nothing else."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpcore

from sightline.common.errors import SightlineError
from sightline.gateway.egress import Egress
from sightline.gateway.targets import read_target

_HEAD_SECONDS = 5.0
_PIECE_BYTES = 64 * 2**10


@asynccontextmanager
async def open_tunnel(egress: Egress, *, max_bytes: int, idle_seconds: float) -> AsyncIterator[str]:
    """Open a proxy that lives as long as the block, for whoever knows its address.

    Args:
        egress: judges hosts and connects to them.
        max_bytes: how much may come through it in all; then it breaks off.
        idle_seconds: longest silence of a host.

    Yields:
        The address for the settings of a proxy, with a password in it.

    Source: RFC 9110, section 9.3.6 (CONNECT); nothing else is spoken, so that only TLS gets through.
    """
    tunnel = _Tunnel(egress, max_bytes, idle_seconds)
    server = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
    try:
        yield f"http://sightline:{tunnel.password}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await tunnel.close()


class _Tunnel:
    def __init__(self, egress: Egress, max_bytes: int, idle_seconds: float) -> None:
        self.password = secrets.token_urlsafe(24)
        self._pass = b"Basic " + b64encode(f"sightline:{self.password}".encode())
        self._egress = egress
        self._left_bytes = max_bytes
        self._idle_seconds = idle_seconds
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            async with AsyncExitStack() as stack:
                stack.callback(writer.close)
                await self._join(reader, writer, stack)
        except* (OSError, httpcore.NetworkError, httpcore.TimeoutException, asyncio.IncompleteReadError):
            pass  # either side has gone
        except* asyncio.LimitOverrunError:
            pass  # no head of a proxy's client is so long
        finally:
            self._serving.discard(task)

    async def close(self) -> None:
        """Break off what is under way."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stack: AsyncExitStack) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        try:
            far = await self._connected(head)
        except (SightlineError, httpcore.ConnectError, httpcore.ConnectTimeout):
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            await writer.drain()
            return
        stack.push_async_callback(far.aclose)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        async with asyncio.TaskGroup() as group:
            outward = group.create_task(_send(reader, far))
            group.create_task(self._receive(far, writer)).add_done_callback(lambda _: outward.cancel())

    async def _connected(self, head: bytes) -> httpcore.AsyncNetworkStream:
        request, *lines = head.decode("latin-1").split("\r\n")
        method, place, *_ = [*request.split(" "), ""]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        given = headers.get("proxy-authorization", "").encode()
        if method != "CONNECT" or not hmac.compare_digest(given, self._pass):
            raise httpcore.ConnectError("not for this caller")
        return await self._egress.connect(read_target(f"https://{place}/", self._egress.ports))

    async def _receive(self, far: httpcore.AsyncNetworkStream, writer: asyncio.StreamWriter) -> None:
        while self._left_bytes > 0 and (piece := await far.read(_PIECE_BYTES, self._idle_seconds)):
            self._left_bytes -= len(piece)
            writer.write(piece)
            await writer.drain()


async def _send(reader: asyncio.StreamReader, far: httpcore.AsyncNetworkStream) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        await far.write(piece)
