"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """Make a UUID of version 7: 48 bits of milliseconds, then random bits.

    Source: RFC 9562, section 5.7. Python has uuid.uuid7 from 3.14 on.
    """
    return version7(time.time_ns() // 1_000_000, os.urandom(10))


def version7(milliseconds: int, rest: bytes) -> UUID:
    """Make the UUID of version 7 of a time, and of ten bytes that tell it apart from others of the same time."""
    random = int.from_bytes(rest, "big")
    high = (milliseconds & (1 << 48) - 1) << 80
    return UUID(int=high | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def first_uuid7(seconds: float) -> UUID:
    """Give what every UUID of version 7 that was made at a time or later is not less than.

    Args:
        seconds: since 1970, UTC; what no such UUID can say is taken for the nearest that one can.
    """
    milliseconds = min(max(int(seconds * 1000), 0), (1 << 48) - 1)
    return UUID(int=milliseconds << 80)
