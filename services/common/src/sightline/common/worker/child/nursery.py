"""Work in child processes that are confined, watched, and gone when they are not wanted any more.

async with Nursery() as nursery:
    slides = await nursery.run(find_slides, path, options, limits, task=task)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import ChildLimits
from sightline.common.worker.child.child import Child

if TYPE_CHECKING:  # children are forked from what is imported here, and have no need of queue and database
    from sightline.common.worker.handler import Task

T = TypeVar("T")

PRELOADED = ("sightline.common.media.decoding", "sightline.common.worker.child.films")
# What a child may know of the environment of its service: no address, no key.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "TZ")
_MOST_CHILDREN = 64
_BEGIN_SECONDS = 60.0
_END_SECONDS = 5.0


class Nursery:
    """Where children come from: one process with the libraries loaded, that every child is a copy of."""

    def __init__(self, limits: ChildLimits | None = None, *, preload: Sequence[str] = PRELOADED) -> None:
        """Take what every child may have; no process is begun before the first child.

        Args:
            limits: for those that are begun without limits of their own.
            preload: modules that are loaded once for all.
        """
        self._limits = limits or ChildLimits()
        self._preload = list(preload)
        self._begun = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._watching = ThreadPoolExecutor(_MOST_CHILDREN, thread_name_prefix="children")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """End every child, and the process that they come from."""
        with self._begun:
            self._end()
        self._watching.shutdown()

    async def run(
        self,
        function: Callable[..., T],
        *arguments: Any,
        task: Task | None = None,
        limits: ChildLimits | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> T:
        """Run a function in a child of its own.

        Args:
            function: of a module, by whose name the child finds it; it is given a `progress` to call with shares from
                0 to 1, if it has a parameter of this name.
            arguments: what can be pickled.
            task: whose progress it is; cancelling the task, or losing its lease, ends the child at once.
            limits: what it may take; those of the nursery if None.
            progress: told how far it is, on the event loop; what it raises ends the child.

        Returns:
            What the function returned: plain data, arrays, and classes of Sightline.

        Raises:
            SightlineError: what the function raised; MEDIA_TOO_COSTLY where it took more than it may,
                DEADLINE_EXCEEDED where it took too long, SERVICE_UNAVAILABLE where it was killed from outside, and
                INTERNAL where it crashed.
        """
        loop = asyncio.get_running_loop()
        errand = _Errand(self, [one for one in (task.advance if task else None, progress) if one is not None])
        ended = loop.run_in_executor(self._watching, errand.run, loop, function, arguments, limits)
        try:
            return cast("T", await asyncio.shield(ended))
        except asyncio.CancelledError:
            errand.end()
            with contextlib.suppress(Exception):
                await ended
            raise

    def begin(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limits: ChildLimits | None = None,
        pipes: Sequence[int] = (),
    ) -> Child:
        """Begin a child, from any thread.

        Args:
            function: as in `run`; it is given its copies of `pipes` as its last arguments.
            arguments: what can be pickled.
            limits: what it may take; those of the nursery if None.
            pipes: files that the child is to have, too; the caller's stay the caller's.

        Raises:
            SightlineError: SERVICE_UNAVAILABLE where no process can be begun.
        """
        limits = limits or self._limits
        work = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        with contextlib.ExitStack() as stack:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-child-"))
            control, control_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(control)
            work_theirs, work_pipe = os.pipe()
            report, report_theirs = os.pipe()
            theirs = [control_theirs.detach(), work_theirs, report_theirs]
            stack.callback(os.close, report)
            sending = stack.enter_context(os.fdopen(work_pipe, "wb", buffering=0))
            try:
                self._ask(_request(limits, scratch), [*theirs, *pipes])
            finally:
                for number in theirs:
                    os.close(number)
            child = Child(limits, control, report, stack.pop_all())
        child.start(sending, work)
        return child

    def _ask(self, request: bytes, pipes: list[int]) -> None:
        with self._begun:
            for attempt in (1, 2):
                try:
                    if self._requests is None:
                        self._start()
                    socket.send_fds(cast("socket.socket", self._requests), [request], pipes)
                    return
                except OSError as error:
                    # The process that children come from has died; the next takes its place.
                    self._end()
                    if attempt == 2:
                        raise SightlineError(Reason.SERVICE_UNAVAILABLE, "no child process can be begun") from error

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.settimeout(_BEGIN_SECONDS)
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "sightline.common.worker.child.cradle", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        self._requests = ours
        ours.send(
            json.dumps({"path": [str(Path(one).absolute()) for one in sys.path], "preload": self._preload}).encode()
        )

    def _end(self) -> None:
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
            # Its children ask the kernel to die with it.
            self._process.kill()
            self._process.wait()
            self._process = None


class _Errand:
    """One run, watched on a thread of its own; it may be called off before its child is there."""

    def __init__(self, nursery: Nursery, tells: Sequence[Callable[[float], None]]) -> None:
        self._nursery = nursery
        self._tells = tells
        self._child: Child | None = None
        self._fault: BaseException | None = None
        self._off = False

    def run(
        self,
        loop: asyncio.AbstractEventLoop,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        limits: ChildLimits | None,
    ) -> Any:
        self._child = self._nursery.begin(function, *arguments, limits=limits)
        if self._off:
            self._child.end()
        try:
            result = self._child.result(lambda share: self._pass_on(loop, share))
        except SightlineError:
            if self._fault is None:
                raise
        if self._fault is not None:
            raise self._fault
        return result

    def end(self) -> None:
        """Call it off, from any thread."""
        self._off = True
        if self._child is not None:
            self._child.end()

    def _pass_on(self, loop: asyncio.AbstractEventLoop, share: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever wanted to know
            loop.call_soon_threadsafe(self._tell, share)

    def _tell(self, share: float) -> None:
        try:
            for tell in self._tells:
                tell(share)
        except BaseException as error:
            self._fault = error
            self.end()


def _request(limits: ChildLimits, scratch: str) -> bytes:
    return json.dumps(
        {
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "file_bytes": limits.file_bytes,
            "scratch": scratch,
        }
    ).encode()


def _environment() -> dict[str, str]:
    # One thread for each of them: numpy would begin as many as there are cores, in every child.
    return {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"} | {
        name: os.environ[name] for name in _ENVIRONMENT if name in os.environ
    }
