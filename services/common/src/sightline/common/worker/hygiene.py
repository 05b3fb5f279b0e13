"""When a process should make room for a fresh one: after many tasks, or near the end of its memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil
import structlog

from sightline.common.settings import WorkerSettings

log = structlog.get_logger()

_LOOK_SECONDS = 5.0
# cgroup v2, then v1. Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of Linux.
_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# v1 says "no limit" with a number near 2^63.
_NO_LIMIT = 2**60


class Hygiene:
    """Asks a process to drain and leave before it is killed: whoever supervises it starts a fresh one."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._max_tasks = settings.max_tasks
        limit = settings.memory_limit_bytes or _container_limit()
        self._watermark = int(limit * settings.memory_watermark) if limit else None
        self._process = psutil.Process()

    async def watch(self, ended_tasks: Callable[[], int], stop: asyncio.Event) -> None:
        """Look every few seconds, and set `stop` when it is time to leave.

        Args:
            ended_tasks: tells how many tasks the process has ended.
            stop: what the process drains on.
        """
        while not stop.is_set():
            reason = self._reason(ended_tasks())
            if reason is not None:
                log.warning("worker_leaves", reason=reason)
                stop.set()
            await asyncio.sleep(_LOOK_SECONDS)

    def _reason(self, ended_tasks: int) -> str | None:
        if self._max_tasks and ended_tasks >= self._max_tasks:
            return f"{ended_tasks} tasks have ended"
        resident = self._process.memory_info().rss
        if self._watermark is not None and resident >= self._watermark:
            return f"{resident} bytes of memory are in use, of {self._watermark} that may be"
        return None


def _container_limit() -> int | None:
    for file in _LIMIT_FILES:
        try:
            text = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal() and int(text) < _NO_LIMIT:
            return int(text)
    return None
