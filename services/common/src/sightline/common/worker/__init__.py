"""The task runtime: claims tasks, keeps their leases, runs handlers, and writes what came of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.common.worker.handler import Handler, Outcome, Task
    from sightline.common.worker.opening import open_worker
    from sightline.common.worker.runtime import Worker

__all__ = ["Handler", "Outcome", "Task", "Worker", "open_worker"]

_HOMES = {"Handler": "handler", "Outcome": "handler", "Task": "handler", "Worker": "runtime", "open_worker": "opening"}


def __getattr__(name: str) -> Any:
    """Import the runtime, with queue and database behind it, only where it is used: children have no need of it."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
