"""Sessions of models, lent to one call at a time, so that no more run at once than the processor can take."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import Device, SessionSettings

S = TypeVar("S")


class SessionPool(Generic[S]):
    """Sessions that wait for calls; as many calls run at once as there are, and the next one waits."""

    def __init__(self, sessions: Iterable[S], what: str, wait_seconds: float) -> None:
        """Take the sessions.

        Args:
            sessions: whatever a call works with; the same one may be among them several times.
            what: what they are for, in the words of the error.
            wait_seconds: how long a call waits for one.
        """
        self._what = what
        self._wait_seconds = wait_seconds
        # The one that was used last is used next: its memory is warm.
        self._idle: queue.LifoQueue[S] = queue.LifoQueue()
        for session in sessions:
            self._idle.put(session)

    @contextmanager
    def session(self) -> Iterator[S]:
        """Lend a session for the block.

        Raises:
            SightlineError: OVERLOADED where none comes free in time.
        """
        try:
            session = self._idle.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise SightlineError(
                Reason.OVERLOADED,
                f"no {self._what} session came free within {self._wait_seconds:g} s",
                retry_after_seconds=self._wait_seconds,
            ) from None
        try:
            yield session
        finally:
            self._idle.put(session)


def open_sessions(open_one: Callable[[], S], settings: SessionSettings, device: Device = "cpu") -> list[S]:
    """Open as many sessions as the settings say, with the weights in memory no more often than is needed.

    Args:
        open_one: opens a session of ONNX Runtime, or several that a call needs together.
        settings: how many, and of how many threads.
        device: what they run on.

    Returns:
        The sessions; the same one again where calls don't stand in each other's way in it.
    """
    first = open_one()
    # A session of one thread runs each call on the caller's own, so all share it and its weights; or on the GPU.
    shared = settings.threads == 1 or device != "cpu"
    return [first, *(first if shared else open_one() for _ in range(settings.sessions - 1))]
