"""Signatures by which a receiver knows who sends, what, and when.

Source: Standard Webhooks 1.0 (standardwebhooks.com), symmetric signatures, so that receivers have libraries for it.
"""

from __future__ import annotations

import base64
import hmac
import secrets

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
_SECRET_BYTES = 32


def new_secret() -> bytes:
    """Make what deliveries are signed with."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Write a secret as receivers are given it."""
    return _SECRET_PREFIX + base64.b64encode(secret).decode()


def signature(secret: bytes, delivery: str, timestamp: int, body: bytes) -> str:
    """Sign one attempt.

    Args:
        secret: of the webhook.
        delivery: the id of the delivery, as in the header `webhook-id`.
        timestamp: of the attempt, seconds since 1970, as in the header `webhook-timestamp`.
        body: what is sent.

    Returns:
        The value of the header `webhook-signature`.
    """
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
