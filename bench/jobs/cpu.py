"""CPU time of processes with all that they have started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psutil


def cpu_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Sum user and system time of each process and its descendants, those included that have ended.

    A process counts for its parent once it is waited for, so nothing is lost when a PostgreSQL backend ends
    between two readings.

    Args:
        roots: process ids by name.
    """
    return {name: _of_tree(psutil.Process(pid)) for name, pid in roots.items()}


def used(before: Mapping[str, float], after: Mapping[str, float], jobs: int) -> dict[str, float]:
    """Give the CPU seconds per 1,000 jobs between two readings: of each process, and of all as `total`."""
    each = {name: (after[name] - before[name]) / jobs * 1000 for name in after}
    return {**each, "total": sum(each.values())}


def _of_tree(root: psutil.Process) -> float:
    return sum(_of_process(process) for process in _tree(root))


def _tree(root: psutil.Process) -> Iterable[psutil.Process]:
    return (root, *root.children(recursive=True))


def _of_process(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
