"""When a call is tried again, and how long is waited before."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import grpc

from sightline.client import status
from sightline.client.errors import SightlineError, Unavailable


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient the client is with a server that is away or busy.

    Only UNAVAILABLE is tried again, and RESOURCE_EXHAUSTED if the server says when to come back. The waits
    grow exponentially and are jittered, so that the clients of a restarted server do not return in step.

    Attributes:
        attempts: how often a call is tried, 1 or more; 1 means that nothing is tried again.
        stream_attempts: how often a watch, an upload or a download is tried without any progress in between.
        first_delay_seconds: the longest wait before the second attempt; it doubles with each further one.
        max_delay_seconds: the longest wait of all; a server that asks for more gets no further attempt.
    """

    # With the delays below: about nine seconds, as long as a gateway takes to be started again.
    attempts: int = 8
    stream_attempts: int = 20
    first_delay_seconds: float = 0.1
    max_delay_seconds: float = 5.0


class Attempts:
    """The attempts at one call, under one deadline."""

    def __init__(self, policy: RetryPolicy, limit: int, timeout_seconds: float | None) -> None:
        self._policy = policy
        self._limit = limit
        self._deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        self._failed = 0
        self._failed_since_progress = 0

    def remaining_seconds(self) -> float | None:
        """Give what is left until the deadline; None if there is no deadline."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def note_progress(self) -> None:
        """Forget earlier failures: the connection works again."""
        self._failed_since_progress = 0

    def delay_after(self, failure: grpc.RpcError, *also: str) -> float:
        """Say how many seconds to wait before the next attempt.

        Args:
            failure: how the last attempt failed.
            also: reasons that are worth another attempt for this call, beside those that always are.

        Raises:
            SightlineError: there is no next attempt.
        """
        error = status.from_call(failure)
        delay = self._next_delay(error)
        if self._is_final(error, also, delay):
            raise error from failure
        return delay

    def delay_after_end(self) -> float:
        """Say how long to wait after a stream that ended too early, as when a server is shut down."""
        error = Unavailable("the server ended the stream before the job ended", code="UNAVAILABLE")
        delay = self._next_delay(error)
        if self._is_final(error, (), delay):
            raise error
        return delay

    def _next_delay(self, error: SightlineError) -> float:
        self._failed += 1
        self._failed_since_progress += 1
        error.attempts = self._failed
        exponent = min(self._failed_since_progress - 1, 30)
        longest = min(self._policy.first_delay_seconds * 2**exponent, self._policy.max_delay_seconds)
        # Jitter needs no secrecy. The server's own wish is a lower bound.
        return max(random.uniform(longest / 2, longest), error.retry_after_seconds or 0.0)  # noqa: S311

    def _is_final(self, error: SightlineError, also: tuple[str, ...], delay: float) -> bool:
        remaining = self.remaining_seconds()
        return (
            not (self._may_pass(error) or error.reason in also)
            or self._failed_since_progress >= self._limit
            or delay > self._policy.max_delay_seconds
            or (remaining is not None and delay >= remaining)
        )

    def _may_pass(self, error: SightlineError) -> bool:
        """Say whether the same call may succeed if it is sent again."""
        if error.code == "DEADLINE_EXCEEDED":
            # Nobody here has set a deadline: something in between has ended a stream that was meant to last.
            return self._deadline is None
        # Without RetryInfo this code is also what gRPC says of a message that is too large: that is final.
        is_busy = error.code == "RESOURCE_EXHAUSTED" and error.retry_after_seconds is not None
        return is_busy or error.code == "UNAVAILABLE"
