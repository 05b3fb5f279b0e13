"""Verdicts: what an answer makes of a delivery."""

from __future__ import annotations

from sightline.common.state.deliveries import Claimed, DeliveryState, Outcome
from sightline.common.worker.backoff import Backoff
from sightline.gateway.webhooks.sender import Answer

_GONE = 410
# A receiver may ask to be left alone, but not for so long that it is forgotten.
_RETRY_AFTER_MAX_SECONDS = 6 * 3600.0


class Verdicts:
    """Decides whether a delivery is done, is tried again, or is given up."""

    def __init__(self, backoff: Backoff, attempts_max: int) -> None:
        self._backoff = backoff
        self._attempts_max = attempts_max

    def judge(self, claimed: Claimed, answer: Answer) -> Outcome:
        """Judge the answer to one attempt."""
        if not answer.error:
            return Outcome(claimed, DeliveryState.DELIVERED, status_code=answer.status_code)
        if answer.status_code == _GONE or claimed.tries >= self._attempts_max:
            return Outcome(claimed, DeliveryState.DEAD, status_code=answer.status_code, error=answer.error)
        wished = min(answer.retry_after_seconds, _RETRY_AFTER_MAX_SECONDS)
        delay = max(self._backoff.delay(claimed.tries), wished)
        return Outcome(claimed, DeliveryState.PENDING, delay, answer.status_code, answer.error)
