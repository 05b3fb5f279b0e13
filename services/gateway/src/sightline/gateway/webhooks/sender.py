"""One attempt at a delivery: a signed POST to a public host, within bounds of time and bytes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import httpcore

from sightline.common.errors import SightlineError
from sightline.common.state.deliveries import Claimed
from sightline.gateway.egress import Egress
from sightline.gateway.webhooks.receivers import Receivers
from sightline.gateway.webhooks.signing import signature

# What is read of an answer, so that a well-behaved receiver is not cut off in the middle; it is kept nowhere.
_ANSWER_BYTES = 64 * 1024
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said.

    Attributes:
        status_code: 0 if there was no answer.
        error: why the attempt did not succeed; empty if it did.
        retry_after_seconds: how long it asked to be left alone.
    """

    status_code: int = 0
    error: str = ""
    retry_after_seconds: float = 0.0


class Sender:
    """Sends deliveries."""

    def __init__(self, egress: Egress, receivers: Receivers, attempt_seconds: float) -> None:
        """Join the parts.

        Args:
            egress: the way out, which resolves, judges and pins the host of every attempt.
            receivers: reads addresses.
            attempt_seconds: how long a receiver has to answer.
        """
        self._egress = egress
        self._receivers = receivers
        self._attempt_seconds = attempt_seconds

    async def send(self, claimed: Claimed, body: bytes) -> Answer:
        """Make one attempt. Redirects are not followed: they are an answer that is not 2xx.

        The status decides; what comes behind it, or does not come, changes nothing.
        """
        status_code, retry_after_seconds, error = 0, 0.0, ""
        try:
            target = self._receivers.read(claimed.uri)
            async with (
                asyncio.timeout(self._attempt_seconds),
                self._egress.post(target, body, _headers(claimed, body)) as answer,
            ):
                status_code, retry_after_seconds = answer.status, _retry_after(answer)
                await _skim(answer)
        except TimeoutError:
            error = "The receiver did not answer in time"
        except SightlineError as refusal:
            error = refusal.message
        if status_code:
            good = 200 <= status_code < 300
            error = "" if good else f"The receiver answered with the status {status_code}"
        return Answer(status_code, error, retry_after_seconds)


def _headers(claimed: Claimed, body: bytes) -> list[tuple[str, str]]:
    delivery, now = str(claimed.delivery_id), int(time.time())
    return [
        ("Content-Type", "application/json"),
        ("webhook-id", delivery),
        ("webhook-timestamp", str(now)),
        ("webhook-signature", signature(claimed.secret, delivery, now, body)),
        ("webhook-attempt", str(claimed.count)),
    ]


def _retry_after(answer: httpcore.Response) -> float:
    text = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
    # The other form, a date, is not worth a parser: without it the next attempt waits as it would anyway.
    return float(text) if text.isdigit() and len(text) < 10 else 0.0


async def _skim(answer: httpcore.Response) -> None:
    came_bytes = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            async for piece in answer.aiter_stream():
                came_bytes += len(piece)
                if came_bytes > _ANSWER_BYTES:
                    return
