"""Numbers and times as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration


def counted(count: int, noun: str, plural: str = "") -> str:
    """Say how many there are: `1 slide`, `2 slides`; where `s` does not make it, the plural is given."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def seconds(duration: Duration) -> float:
    """Give a length of time in seconds."""
    return duration.seconds + duration.nanos / 1e9


def clock(duration: Duration) -> str:
    """Give a time as minutes and seconds: `12:03.5`."""
    minutes, rest = divmod(seconds(duration), 60)
    return f"{int(minutes)}:{rest:04.1f}"
