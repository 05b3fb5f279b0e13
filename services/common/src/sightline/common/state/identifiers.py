"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """Make a UUID of version 7: 48 bits of milliseconds, then random bits.

    Source: RFC 9562, section 5.7. Python has uuid.uuid7 from 3.14 on.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds & (1 << 48) - 1) << 80
    return UUID(int=high | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def first_uuid7(seconds: float) -> UUID:
    """Give what every UUID of version 7 that was made at a time or later is not less than.

    Args:
        seconds: since 1970, UTC; what no such UUID can say is taken for the nearest that one can.
    """
    milliseconds = min(max(int(seconds * 1000), 0), (1 << 48) - 1)
    return UUID(int=milliseconds << 80)
