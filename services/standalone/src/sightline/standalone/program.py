"""What the supervisor needs to know of a process: one shape for every part of the system."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine, as the numbers that the kernel knows."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """A process that can be started, asked whether it is ready, and stopped.

    Attributes:
        name: how the log and `kill(name)` call it.
        command: the binary and its arguments.
        ready: answers whether it serves; called until it says yes. None: it runs to its end and returns 0.
        prepare: done before every start, the first and each that follows.
        environment: all that it sees; nothing is inherited.
        folder: its working directory.
        account: whom it runs as; None: the same user as the supervisor.
        stop_signal: asks for an orderly end.
        orphan_signal: what the kernel sends when the supervisor is gone.
        ready_seconds: how long it may take until it serves (or ends).
        stop_seconds: how long the orderly end may take before SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    ready: Probe | None = None
    prepare: Callable[[], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    ready_seconds: float = 60.0
    stop_seconds: float = 10.0


class StandaloneError(Exception):
    """The system could not be started or reached; the message says why and what to do."""


class StartError(StandaloneError):
    """A process ended, or did not serve in time, while it was being started."""
