"""What a tiny worker's errand does in a child process; a module of its own, since the child finds it by name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

STEPS = 100


def nap(job: str, seconds: float, progress: Callable[[float], None]) -> int:
    """Take time and leave something in the scratch folder; returns the process id, which is told at the beginning."""
    Path("crumbs").write_bytes(b"left behind")
    os.write(sys.stdout.fileno(), f"child {job} {os.getpid()} {Path.cwd()}\n".encode())
    for step in range(STEPS):
        time.sleep(seconds / STEPS)
        progress(step / STEPS)
    return os.getpid()
