"""What a process says, line by line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator

CHUNK_BYTES = 1 << 16


async def lines(descriptor: int) -> AsyncGenerator[str, None]:
    """Read a pipe to its end.

    Args:
        descriptor: the end to read from; it is closed here.

    Returns:
        Lines without their ends; a very long one comes in pieces, since a line without end must not fill the memory.
    """
    stream = asyncio.StreamReader(limit=CHUNK_BYTES)
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    rest = b""
    try:
        while chunk := await stream.read(CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > CHUNK_BYTES:
                whole, rest = [*whole, rest], b""
            for line in whole:
                yield _text(line)
        if rest:
            yield _text(rest)
    finally:
        transport.close()


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip()
