"""The task runtime: claims tasks, keeps their leases, runs handlers, and writes what came of them."""

from __future__ import annotations

from sightline.common.worker.handler import Handler, Task
from sightline.common.worker.runtime import Worker

__all__ = ["Handler", "Task", "Worker"]
