"""What travels through the queue, and on which of its priority steps."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from uuid import UUID

# One Redis list each. Kombu takes 0 as the most urgent, and a missing priority as 0: it is always set.
STEPS = (0, 3, 6, 9)
# The least of our priorities (1 to 10, 10 the most urgent) on each step: 1-3, 4-6, 7-8, 9-10.
_LEAST_OF_STEP = (4, 7, 9)


@dataclass(frozen=True, slots=True)
class Message:
    """The wake-up for one task.

    Attributes:
        priority: 1 to 10, 10 the most urgent.
        trace_context: the W3C traceparent of the submission, or empty.
    """

    task_id: UUID
    priority: int
    trace_context: str = ""


def step_of(priority: int) -> int:
    """Map our priority to kombu's step."""
    return STEPS[len(_LEAST_OF_STEP) - bisect_right(_LEAST_OF_STEP, priority)]
