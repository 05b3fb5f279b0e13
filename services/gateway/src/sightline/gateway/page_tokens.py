"""Page tokens: opaque, and bound to the question they belong to."""

from __future__ import annotations

import base64
import binascii
import hashlib
from uuid import UUID

from sightline.common.errors import FieldViolation, InvalidRequest, Reason

_DIGEST_BYTES = 12
_SIZE_DEFAULT, _SIZE_MAX = 50, 1000


def page_size(asked: int) -> int:
    """Give the number of rows on a page: 50 where nothing is asked for, 1000 at most."""
    return min(asked or _SIZE_DEFAULT, _SIZE_MAX)


def issue(position: bytes, *question: str) -> str:
    """Make the token of the page that begins behind a position.

    It is no secret and needs no signature: who forges one for his own question reads his own rows, since the
    tenant is asked of the key and never of the token.

    Args:
        position: the key of the last row.
        question: all that the position depends on: tenant, method, filter, order.
    """
    return base64.urlsafe_b64encode(position + _digest(position, question)).decode().rstrip("=")


def redeem(token: str, *question: str) -> bytes | None:
    """Read the position in a token that `issue` made for the same question; None for the first page.

    Raises:
        InvalidRequest: INVALID_PAGE_TOKEN.
    """
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise _invalid() from None
    position = raw[:-_DIGEST_BYTES]
    # Compared as a whole, so that a token has one spelling.
    if not position or token != issue(position, *question):
        raise _invalid()
    return position


def redeem_id(token: str, *question: str) -> UUID | None:
    """Read a position that is the identifier of the last row; None for the first page.

    Raises:
        InvalidRequest: INVALID_PAGE_TOKEN.
    """
    position = redeem(token, *question)
    return UUID(bytes=position) if position else None


def _digest(position: bytes, question: tuple[str, ...]) -> bytes:
    text = repr((position, question)).encode()
    return hashlib.sha256(text).digest()[:_DIGEST_BYTES]


def _invalid() -> InvalidRequest:
    message = "the page token was not made by this list for this filter and order"
    return InvalidRequest(message, [FieldViolation("page_token", message)], Reason.INVALID_PAGE_TOKEN)
