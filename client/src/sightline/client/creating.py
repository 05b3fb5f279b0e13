"""What every job can be told when it is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class Create(TypedDict, total=False):
    """How a job is created; every key may be left out.

    Attributes:
        priority: how urgent it is, 1 to 10, 10 the most; 0 means 5.
        labels: words of your own, to find the job by.
        force: whether to run the work even if the same work is running or was done.
        request_id: a UUID that makes the call safe to repeat; None makes one, which lasts for this call.
        wait: whether to wait until the job has succeeded.
        timeout: how many seconds each of the steps may take; None allows the client's own, and as long as it takes
            for the upload and the wait.
    """

    priority: int
    labels: Mapping[str, str] | None
    force: bool
    request_id: str | None
    wait: bool
    timeout: float | None


def told(create: Create) -> dict[str, Any]:
    """Fill in what was not said of a job.

    Raises:
        TypeError: something was said that no job can be told.
    """
    defaults = {"priority": 0, "labels": None, "force": False, "request_id": None, "wait": False, "timeout": None}
    if unknown := create.keys() - defaults.keys():
        raise TypeError(f"a job is created without {', '.join(sorted(unknown))}")
    return {**defaults, **create}
