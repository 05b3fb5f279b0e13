"""The task runtime: claims tasks, keeps their leases, runs handlers, and writes what came of them."""

from __future__ import annotations

from sightline.common.worker.handler import Handler, Outcome, Task
from sightline.common.worker.opening import open_worker
from sightline.common.worker.runtime import Worker

__all__ = ["Handler", "Outcome", "Task", "Worker", "open_worker"]
