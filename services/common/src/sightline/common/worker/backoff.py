"""How long the next attempt waits."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays with full jitter, so that work that failed together does not come back together.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        first_seconds: the longest delay before the second attempt.
        max_seconds: the longest delay before any attempt.
    """

    first_seconds: float = 1.0
    max_seconds: float = 60.0

    def delay(self, tries: int) -> float:
        """Choose a delay in seconds.

        Args:
            tries: how many attempts were made, 1 or more.
        """
        longest = min(self.first_seconds * 2 ** min(tries - 1, 30), self.max_seconds)
        # Not zero: whatever went wrong gets a moment to pass.
        return random.uniform(longest / 4, longest)  # noqa: S311 - jitter, not a secret
