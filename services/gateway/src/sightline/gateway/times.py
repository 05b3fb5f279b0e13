"""Times as messages."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400


def timestamp(time: datetime | None) -> Timestamp | None:
    """Give a time as a message; None for one that is not known, which leaves a field unset."""
    if time is None:
        return None
    # FromDatetime takes six times as long, and every job that is told of has several times.
    since = time - _EPOCH
    return Timestamp(seconds=since.days * _DAY_SECONDS + since.seconds, nanos=since.microseconds * 1000)
