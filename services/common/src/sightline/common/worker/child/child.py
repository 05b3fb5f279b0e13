"""One child process, as its parent sees it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from io import FileIO
from typing import Any

import structlog

from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import ChildLimits
from sightline.common.worker.child.cradle import ENDED
from sightline.common.worker.child.life import too_costly
from sightline.common.worker.child.wire import Broken, Kind, read_data, read_frame

log = structlog.get_logger()

_PID = struct.Struct(">i")
# A pipe that the kernel has closed gives up its last words at once; the status follows as soon as it is reaped.
_REAP_SECONDS = 60.0


class Child:
    """A child that was begun; `result` must be called, from any thread.

    Attributes:
        limits: what it may take.
        pid: its process id; 0 where it never lived.
    """

    def __init__(self, limits: ChildLimits, control: socket.socket, report: int, belongings: ExitStack) -> None:
        """Take what was made for it; use `Nursery.begin`."""
        self.limits = limits
        self._control = control
        self._report = report
        self._belongings = belongings
        self._until = time.monotonic() + limits.wall_seconds
        self._ending = threading.Lock()
        self._ended = False
        self._fated: tuple[int, int] | None = None
        self.pid = 0

    def start(self, sending: FileIO, work: bytes) -> None:
        """Hand over its work."""
        with suppress(OSError, struct.error), sending:  # one that has died already says so by its status
            self._control.settimeout(_REAP_SECONDS)
            self.pid = _PID.unpack(self._control.recv(_PID.size))[0]
            # The first child waits for its cradle; that is not its time.
            self._until = time.monotonic() + self.limits.wall_seconds
            rest = memoryview(work)
            while rest:
                rest = rest[sending.write(rest) :]

    def end(self) -> None:
        """Kill it, if it still lives; `result` returns soon after. From any thread, at any time."""
        with self._ending:
            if not self._ended:
                self._ended = True
                with suppress(OSError):
                    self._control.send(b"end")

    def result(self, progress: Callable[[float], None] = lambda _share: None) -> Any:
        """Wait for its end.

        Args:
            progress: told how far it is, on this thread.

        Returns:
            What its function returned.

        Raises:
            SightlineError: as `Nursery.run`.
        """
        try:
            last = self._last_frame(progress)
            if last is None:
                raise self._fate(*self._status())
            kind, payload = last
            if kind is Kind.CRASH:
                log.error("child_crashed", child=self.pid, traceback=payload.decode(errors="replace"))
                raise SightlineError(Reason.INTERNAL, "the work failed for a reason that is in the log of the worker")
            value = read_data(payload)
            if kind is Kind.REFUSAL and not isinstance(value, SightlineError):
                raise Broken("a refusal that is none")
        except Broken as error:
            raise SightlineError(Reason.INTERNAL, f"the child process said what can't be read: {error}") from error
        finally:
            self._bury()
        if kind is Kind.REFUSAL:
            raise value
        return value

    def _last_frame(self, progress: Callable[[float], None]) -> tuple[Kind, bytes] | None:
        while True:
            try:
                frame = read_frame(self._report, self.limits.result_bytes, self._until)
            except TimeoutError:
                raise SightlineError(
                    Reason.DEADLINE_EXCEEDED, f"the work took more than {self.limits.wall_seconds:g} seconds"
                ) from None
            if frame is None or frame[0] is not Kind.PROGRESS:
                return frame
            progress(_share(frame[1]))

    def _status(self) -> tuple[int, int]:
        """Wait until it is reaped; (status, most bytes of memory), or (-1, 0) where its cradle is gone as well."""
        if self._fated is None:
            try:
                self._fated = ENDED.unpack(self._control.recv(ENDED.size))
            except (OSError, struct.error):
                self._fated = (-1, 0)
        return self._fated

    def _fate(self, status: int, most_bytes: int) -> SightlineError:
        """Say why a child ended without a word."""
        if status >= 0 and os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU:
                return too_costly("processor time")
            if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
                if most_bytes > 0.9 * self.limits.memory_bytes:
                    return too_costly("memory")
                log.error("child_crashed", child=self.pid, signal=number)
                return SightlineError(Reason.INTERNAL, f"the work ended its process by signal {number}")
        elif status > 0:
            return SightlineError(Reason.INTERNAL, "the child process did not begin; the reason is in the log")
        return SightlineError(Reason.SERVICE_UNAVAILABLE, "the process that did the work was killed from outside")

    def _bury(self) -> None:
        """See it gone, and its folder with it."""
        self.end()
        self._status()
        self._control.close()
        self._belongings.close()


def _share(payload: bytes) -> float:
    try:
        return min(max(float(payload), 0.0), 1.0)
    except ValueError as error:
        raise Broken("its progress is no number") from error
