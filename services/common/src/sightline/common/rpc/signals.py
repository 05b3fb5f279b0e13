"""How a process begins and ends: uvloop, and a stop event that the first SIGTERM or Ctrl-C sets."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

_STOPPING = (signal.SIGTERM, signal.SIGINT)
# New objects between two looks at the young, which Python takes at 700: a group of jobs alone makes thousands.
_YOUNG_OBJECTS = 2000


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a process's main coroutine to its end on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def settle() -> None:
    """Make the collector of garbage look less often, and at nothing that is built already: call it before serving.

    A full collection stops every call, nearly all of it for what was built once and stays.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


@contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Give an event that is set by the first SIGTERM or SIGINT; the second ends the process at once.

    For servers and workers alike: `with stop_signal() as stop: await server.run_until(stop)`.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        stop.set()
        _release(loop)

    for number in _STOPPING:
        loop.add_signal_handler(number, on_signal)
    try:
        yield stop
    finally:
        _release(loop)


def _release(loop: asyncio.AbstractEventLoop) -> None:
    for number in _STOPPING:
        loop.remove_signal_handler(number)
