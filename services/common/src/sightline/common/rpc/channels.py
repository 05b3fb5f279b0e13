"""Client channels between our own processes: balanced, kept alive, and retrying only what was never begun."""

from __future__ import annotations

import json

import grpc

# Only UNAVAILABLE is tried again, and the throttle stops all retries of a channel when half of them fail.
_SERVICE_CONFIG = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
        "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.5},
    }
)


def open_channel(
    target: str,
    *,
    max_message_bytes: int = 34 * 2**20,
    keepalive_seconds: float = 30.0,
    credentials: grpc.ChannelCredentials | None = None,
) -> grpc.aio.Channel:
    """Open a channel to a service of ours; nothing is connected until the first call.

    Args:
        target: `dns:///face:50051` is resolved again as replicas come and go, and its calls are spread over
            all of them; `127.0.0.1:50051` is one address.
        max_message_bytes: the largest answer taken; requests are not limited here.
        keepalive_seconds: how soon a dead connection is noticed while nothing is sent.
        credentials: TLS; none inside a cluster, where the mesh or the network does it.
    """
    options = [
        ("grpc.service_config", _SERVICE_CONFIG),
        ("grpc.enable_retries", 1),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", int(keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # After an outage the first new attempt comes within a second, not within two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
    ]
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, credentials, options=options)
