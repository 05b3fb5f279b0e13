"""What every result says in the same words: times, boxes, sizes, models, and parts that are small enough to store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from sightline.common.media.geometry import Box
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox
from sightline.v1.model_pb2 import ModelInfo
from sightline.v1.time_pb2 import TimeRange

Size = tuple[int, int]
"""Width and height in pixels."""

# What a field of the message around it costs beyond the bytes of the message itself.
_FRAMING_BYTES = 8
_Part = TypeVar("_Part", bound=Message)


class Model(Protocol):
    """Anything that makes results and has a name for it."""

    @property
    def name(self) -> str:
        """What requests and results call it."""
        ...

    @property
    def version(self) -> str:
        """The version of its weights, or of the engine."""
        ...

    @property
    def sha256(self) -> str:
        """Of the weights, 64 hexadecimal digits; empty where there are none."""
        ...


def duration(of_seconds: float) -> Duration:
    """Give a time; whole microseconds, since what is less is noise of the arithmetic."""
    whole, micros = divmod(round(of_seconds * 1e6), 1_000_000)
    return Duration(seconds=whole, nanos=micros * 1000)


def seconds(message: Duration) -> float:
    """Read a time."""
    return message.seconds + message.nanos / 1e9


def time_range(start_seconds: float, end_seconds: float) -> TimeRange:
    """Give a stretch of time."""
    return TimeRange(start=duration(start_seconds), end=duration(end_seconds))


def normalized(box: Box, size: Size) -> NormalizedBox:
    """Give a box in pixels as shares of width and height."""
    width, height = size
    left, top, right, bottom = box
    return NormalizedBox(left=left / width, top=top / height, right=right / width, bottom=bottom / height)


def image_size(size: Size) -> ImageSize:
    """Say how large a picture is."""
    return ImageSize(width_px=size[0], height_px=size[1])


def model_info(model: Model) -> ModelInfo:
    """Say which model made a result."""
    return ModelInfo(name=model.name, version=model.version, sha256=model.sha256)


def filled(first: _Part, repeated: Iterable[tuple[str, Message]], most_bytes: int) -> list[_Part]:
    """Divide what is repeated in a message over as many parts as it takes.

    Args:
        first: the first part, with all that is said once.
        repeated: the name of the field and what is appended to it, in order.
        most_bytes: about the largest size of a part; what is larger by itself is a part of its own.

    Returns:
        The parts, one or more; merged in their order they are the whole.
    """
    done, used = [first], first.ByteSize()
    for name, message in repeated:
        needed = message.ByteSize() + _FRAMING_BYTES
        if used + needed > most_bytes and used > 0:
            done.append(type(first)())
            used = 0
        getattr(done[-1], name).append(message)
        used += needed
    return done
