"""Bytes on their way in: counted, hashed, and refused when they are too many."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from sightline.common.errors import MediaRejected, Reason


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        sha256: of all bytes, 64 hexadecimal digits.
        size_bytes: how many bytes there were.
    """

    sha256: str
    size_bytes: int


class StreamBroke(Exception):
    """The stream raised, not the store: an OSError of a client's connection is not one of the disk."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Measuring:
    """Passes chunks through; knows their hash and size when all have passed."""

    def __init__(self, chunks: AsyncIterable[bytes], max_bytes: int | None) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size_bytes = 0

    @property
    def written(self) -> Written:
        """What has passed so far."""
        return Written(self._hash.hexdigest(), self._size_bytes)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pass the chunks; what the stream raises comes as StreamBroke."""
        try:
            async for chunk in self._checked():
                yield chunk
        except Exception as failure:
            raise StreamBroke(failure) from failure

    async def _checked(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self._size_bytes += len(chunk)
            if self._max_bytes is not None and self._size_bytes > self._max_bytes:
                raise MediaRejected(Reason.MEDIA_TOO_LARGE, f"The upload has more than {self._max_bytes} bytes")
            self._hash.update(chunk)
            if chunk:
                yield chunk
