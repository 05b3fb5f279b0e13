"""What a call takes along to another service: request id, trace, who asks, and the time that is left."""

from __future__ import annotations

from sightline.common.rpc.admission import identity_metadata
from sightline.common.rpc.calls import REQUEST_ID, current_call
from sightline.common.telemetry import inject

Outgoing = tuple[tuple[str, str | bytes], ...]


def outgoing_metadata() -> Outgoing:
    """Give the metadata for a call made on behalf of the current one.

    A function and not a client interceptor: grpc.aio's interceptors cost a task for each call.
    """
    carrier: dict[str, str] = {}
    inject(carrier)
    call = current_call()
    if call is not None:
        carrier[REQUEST_ID] = call.request_id
        if call.identity is not None:
            carrier.update(identity_metadata(call.identity))
    return tuple(carrier.items())


def outgoing_timeout(default_seconds: float | None = None) -> float | None:
    """Give the timeout for a call made on behalf of the current one: what is left of its deadline.

    Args:
        default_seconds: what to allow when the client set no deadline, and at most.
    """
    call = current_call()
    remaining = None if call is None else call.remaining_seconds()
    if remaining is None or default_seconds is None:
        return default_seconds if remaining is None else remaining
    return min(remaining, default_seconds)
