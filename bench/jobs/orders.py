"""What the runner tells a client, and what comes back: one JSON object per line on its standard input and output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

POLL_SECONDS = 0.05
"""How often a client asks whether all results are stored; the same for every system."""

PATIENCE_SECONDS = 120.0


def orders() -> Iterator[dict[str, Any]]:
    """Give the orders as they come, until the runner has no more."""
    for line in sys.stdin:
        yield json.loads(line)


def answer(figures: dict[str, Any]) -> None:
    """Tell the runner what was measured."""
    print(json.dumps(figures), flush=True)


class Clock:
    """Paces jobs that come at a steady rate, whether or not the earlier ones are done."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate = rate
        self._count = int(rate * seconds)

    def ticks(self) -> Iterator[float]:
        """Give the moments, on `time.perf_counter`, at which jobs are due; the caller waits for each."""
        begun = time.perf_counter() + 0.05
        return (begun + number / self._rate for number in range(self._count))
