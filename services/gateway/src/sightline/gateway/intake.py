"""A new file on its way into the store: looked at, counted and refused as soon as it can be told to be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.gateway.content import HEAD_BYTES, Content, EndMark, recognise

# From the end of a stream to its cancellation: tenths of a millisecond, tens of milliseconds on a busy machine.
_DOUBT_SECONDS = 0.05


class Intake:
    """Passes the bytes of a file through; what it raises makes the store keep nothing.

    Attributes:
        content: what the file is; known once the first bytes have passed.
    """

    def __init__(
        self,
        pieces: AsyncIterable[bytes],
        limits: MediaLimits,
        size_bytes: int | None = None,
        *,
        proven_later: bool = False,
    ) -> None:
        """Prepare to pass a file.

        Args:
            pieces: the file, in pieces of any size.
            limits: what is accepted.
            size_bytes: how large the client says it is, None if it does not say.
            proven_later: whether the caller finds out by itself that the file is whole, by its hash say.
        """
        self.content: Content | None = None
        self._pieces = pieces
        self._limits = limits
        self._announced_bytes = size_bytes
        self._passed_bytes = 0
        self._end: _EndSeen | None = None
        self._proven_later = proven_later

    async def __aiter__(self) -> AsyncIterator[bytes]:
        head = bytearray()
        async for piece in self._pieces:
            self._count(piece)
            if self.content is None:
                head += piece
                if len(head) < HEAD_BYTES:
                    continue
                piece = self._begin(head)  # noqa: PLW2901 - what was held back goes first
            self._look(piece)
            yield piece
        if self.content is None:
            piece = self._begin(head)
            self._look(piece)
            yield piece
        self._finish()
        if not (self._proven_later or self._announced_bytes is not None or self._end):
            # Nothing in the file tells whether it is whole, and gRPC ends a stream in the same way when the client
            # is done and when it hangs up: it cancels the call a moment later.
            await asyncio.sleep(_DOUBT_SECONDS)

    def _begin(self, head: bytearray) -> bytes:
        data = bytes(head)
        head.clear()
        self.content = recognise(data[:HEAD_BYTES], self._limits)
        self._end = _EndSeen(self.content.end) if self.content.end else None
        if self._announced_bytes is not None:
            check_size(self._announced_bytes, self.content.max_bytes)
        check_size(self._passed_bytes, self.content.max_bytes)
        return data

    def _count(self, piece: bytes) -> None:
        self._passed_bytes += len(piece)
        check_size(self._passed_bytes, self.content.max_bytes if self.content else self._limits.max_upload_bytes)
        if self._announced_bytes is not None and self._passed_bytes > self._announced_bytes:
            raise _another_size(self._announced_bytes, "more")

    def _look(self, piece: bytes) -> None:
        if self._end is not None:
            self._end.look(piece)

    def _finish(self) -> None:
        if self._announced_bytes is not None and self._passed_bytes < self._announced_bytes:
            raise _another_size(self._announced_bytes, f"only {self._passed_bytes}")
        if self._end is not None and not self._end.seen:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "The picture ends early")


def check_size(size_bytes: int, max_bytes: int) -> None:
    """Refuse a file by its size.

    Raises:
        MediaRejected: MEDIA_TOO_LARGE.
    """
    if size_bytes > max_bytes:
        raise MediaRejected(
            Reason.MEDIA_TOO_LARGE, f"The file has {size_bytes} bytes or more; at most {max_bytes} are accepted"
        )


def _another_size(announced_bytes: int, came: str) -> MediaRejected:
    return MediaRejected(Reason.MEDIA_CHECKSUM_MISMATCH, f"{announced_bytes} bytes were announced, and {came} came")


class _EndSeen:
    """Looks for an end mark in passing pieces, also where it lies across two of them."""

    def __init__(self, end: EndMark) -> None:
        self.seen = False
        self._end = end
        self._at = 0
        self._before = b""

    def look(self, piece: bytes) -> None:
        if not self.seen:
            window = self._before + piece
            start = max(0, self._end.behind - (self._at - len(self._before)))
            self.seen = window.find(self._end.mark, start) >= 0
            self._before = window[-(len(self._end.mark) - 1) :]
        self._at += len(piece)
