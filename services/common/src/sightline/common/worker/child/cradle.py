"""The process that children are forked from: `python -m sightline.common.worker.child.cradle SOCKET`.

One thread, no secrets, the libraries loaded once. It forks a child for each request, watches over it, and ends with
everything that it began as soon as its parent is gone.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

from sightline.common.worker.child.confinement import Share
from sightline.common.worker.child.life import Birth, live

MESSAGE_BYTES = 2**16
MAX_PIPES = 8
# What a child's end is told with: its status as of waitpid(2), and the most memory it had, in bytes.
ENDED = struct.Struct(">iQ")


class Cradle:
    """Forks children and tells, each over a socket of its own, how they ended."""

    def __init__(self, requests: socket.socket) -> None:
        """Take the socket that requests come over; its end is the end."""
        self._requests = requests
        self._ends: dict[int, socket.socket] = {}  # by process id
        self._scratch: dict[int, str] = {}  # likewise
        self._poll = select.poll()
        self._wake, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (self._wake, requests.fileno()):
            self._poll.register(number, select.POLLIN)

    def rock(self) -> None:
        """Serve until the parent is gone."""
        while True:
            for number, _ in self._poll.poll():
                if number == self._wake:
                    os.read(self._wake, 4096)
                elif number == self._requests.fileno():
                    if not self._bear():
                        self._end_all()
                        return
                else:
                    self._unwanted(number)
            self._bury()

    def _bear(self) -> bool:
        message, pipes, _, _ = socket.recv_fds(self._requests, MESSAGE_BYTES, MAX_PIPES)
        if not message:
            return False
        parent, (control, work, report, *others) = os.getpid(), pipes
        pid = os.fork()
        request = json.loads(message)
        if pid == 0:
            live(_birth(request, parent, work, report, others))
        for pipe in (work, report, *others):
            os.close(pipe)
        end = socket.socket(fileno=control)
        self._ends[pid], self._scratch[pid] = end, request["scratch"]
        self._poll.register(end.fileno(), select.POLLIN)
        with suppress(OSError):  # whoever asked is gone: found by the next poll
            end.send(struct.pack(">i", pid))
        return True

    def _unwanted(self, number: int) -> None:
        """The parent has closed its end of a child, or wants it gone: both are the same."""
        self._poll.unregister(number)
        for pid, end in self._ends.items():
            if end.fileno() == number:
                _kill(pid)

    def _bury(self) -> None:
        while self._ends:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            # What it left running dies with it: its group lives on while anyone is in it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            end = self._ends.pop(pid)
            del self._scratch[pid]
            with suppress(KeyError):
                self._poll.unregister(end.fileno())
            with suppress(OSError):
                end.send(ENDED.pack(status, used.ru_maxrss * 1024))
            end.close()

    def _end_all(self) -> None:
        """End what is left, and clear up for a parent that can't do so any more."""
        for pid in self._ends:
            _kill(pid)
        for pid, scratch in self._scratch.items():
            os.waitpid(pid, 0)
            shutil.rmtree(scratch, ignore_errors=True)


def _birth(request: dict[str, Any], parent: int, work: int, report: int, others: list[int]) -> Birth:
    share = Share(request["memory_bytes"], request["cpu_seconds"], request["file_bytes"])
    return Birth(parent, share, request["scratch"], work, report, tuple(others))


def _kill(pid: int) -> None:
    # A child that has not made its own group yet is not found by it. Nobody else has its number: it is not waited for.
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def main() -> None:
    """Load what children need, then serve."""
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        requests.set_inheritable(False)
        begun = json.loads(requests.recv(MESSAGE_BYTES))
        sys.path[:] = begun["path"]
        for module in begun["preload"]:
            importlib.import_module(module)
        # What is loaded is shared with every child, unless the collector writes its marks all over it.
        gc.collect()
        gc.freeze()
        Cradle(requests).rock()


if __name__ == "__main__":
    main()
