"""How long to wait before a process that died is started again."""

from __future__ import annotations

import random

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0


def delay_seconds(failures: int) -> float:
    """Choose a waiting time: it doubles with each failure, and half of it is chance.

    Args:
        failures: how often in a row it died soon; 0 for the first time.

    Source: "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), the variant "equal jitter".
    """
    full = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures, 32))
    return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - spreads load, keeps no secret
