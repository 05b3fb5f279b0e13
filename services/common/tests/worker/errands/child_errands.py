"""What children do in tests; a module of its own, since a child finds its function by the module's name."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sightline.common.errors import QuotaExceeded, Reason, TemporarilyAway
from sightline.common.media import ImageFormat, MediaInfo


def echo(value: Any) -> Any:
    return value


def number() -> int:
    return os.getpid()


def info() -> MediaInfo:
    return MediaInfo(ImageFormat.PNG, 3, 4)


def refuse() -> None:
    raise QuotaExceeded("used up", subject="key:1/jobs", retry_after_seconds=7)


def crash() -> None:
    raise ValueError("a fault of our own")


def steps(progress: Callable[[float], None]) -> str:
    for step in range(4):
        progress(step / 4)
        time.sleep(0.3)
    return "done"


def endless(progress: Callable[[float], None]) -> None:
    while True:
        progress(0.5)
        time.sleep(0.05)


def sleep(file: str) -> None:
    Path(file).write_text(f"{os.getpid()} {Path.cwd()}")
    time.sleep(600)


def leave_a_grandchild(file: str) -> None:
    # Its own session would save it; its group does not.
    process = subprocess.Popen(["/bin/sleep", "600"])
    Path(file).write_text(str(process.pid))


def spin() -> None:
    while True:
        pass


def eat_arrays() -> None:
    held = []
    while True:
        held.append(np.ones(2**20))


def eat_bytes() -> None:
    held = []
    while True:
        held.append(b"x" * 2**23)


def eat_pictures() -> None:
    held = [np.zeros((2048, 2048, 3), np.uint8)]
    while True:
        held.append(cv2.resize(held[0], (4096, 2048)))


def eat_frames() -> None:
    import av

    held = []
    while True:
        frame = av.VideoFrame(4096, 4096, "yuv420p")
        held.append(frame.reformat(format="bgr24"))


def write_much() -> None:
    with Path("much").open("wb") as file:
        for _ in range(100):
            file.write(bytes(2**20))


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def fault() -> None:
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    ctypes.string_at(0)


class Trap:
    def __init__(self, file: str) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"echo caught > {self._file}",)


def trap(file: str) -> Trap:
    return Trap(file)


def connect(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        return type(error).__name__
    return "connected"


def surroundings() -> dict[str, Any]:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    with tempfile.NamedTemporaryFile() as file:
        return {
            "environment": sorted(os.environ),
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "folder": str(Path.cwd()),
            "temporary": str(Path(file.name).parent),
            "capabilities": int(status["CapEff"], 16),
            "seccomp": status["Seccomp"].strip(),
            "first_to_go": Path("/proc/self/oom_score_adj").read_text().strip(),
            "group": os.getpgid(0) == os.getpid(),
        }


def away() -> None:
    raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "the store is away")
