"""A scripted server for each test, and the two clients under one face."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import scripted_server
from scripted_calls import Script
from typer.testing import CliRunner

from sightline.client import AsyncSightline, RetryPolicy, Sightline
from sightline.client.command.app import build
from sightline.v1.face_pb2 import Face

KEY = "sk-test"
# As patient as the real one, but quick about it.
FAST = RetryPolicy(stream_attempts=8, first_delay_seconds=0.002, max_delay_seconds=0.5)


@pytest.fixture
def script() -> Script:
    """What the server knows, and how it is to fail."""
    face = Face(score=0.9, box={"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.6})
    face.landmarks.nose.x, face.landmarks.nose.y = 0.2, 0.4
    return Script(faces=[face])


@pytest.fixture
async def address(script: Script) -> AsyncIterator[str]:
    """Where the scripted server listens."""
    server, port = scripted_server.server(script)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


class InThread:
    """The blocking client as if it were asynchronous: every call runs in a thread of its own."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._wrapped, name)
        if not callable(member):
            return InThread(member)
        return iterated(member) if inspect.isgeneratorfunction(member) else called(member)


def called(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(function, *args, **kwargs)

    return call


def iterated(function: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
    async def iterate(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        items, end = function(*args, **kwargs), object()
        while (item := await asyncio.to_thread(next, items, end)) is not end:
            yield item

    return iterate


@pytest.fixture(params=["async", "sync"])
async def sightline(address: str, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Each of the two clients in turn, with the methods of the asynchronous one."""
    if request.param == "async":
        async with AsyncSightline(address, KEY, retry=FAST) as client:
            yield client
    else:
        with Sightline(address, KEY, retry=FAST) as client:
            yield InThread(client)


@pytest.fixture
def run(address: str) -> Callable[..., Awaitable[Any]]:
    """Run the command in a thread of this process."""

    async def run(*arguments: str) -> Any:
        command = ["--server", address, "--key", KEY, *arguments]
        return await asyncio.to_thread(CliRunner(env={"COLUMNS": "300"}).invoke, build(), command)

    return run
