"""Packets that don't decode: some are passed over, and a file that has many is refused."""

from __future__ import annotations

import av

from sightline.common.errors import MediaRejected, Reason

# What was cut off or broadcast badly has some; what has more is no longer what was taken.
_MAX_PACKETS = 100


class Damage:
    """The damaged packets of a film or a recording, as they are met."""

    def __init__(self, what: str) -> None:
        """Begin to count.

        Args:
            what: what is read, in the words of the error: `film`.
        """
        self._what = what
        self._packets = 0

    def meet(self, error: av.error.FFmpegError) -> None:
        """Count one packet.

        Args:
            error: why it does not decode.

        Raises:
            MediaRejected: MEDIA_CORRUPT where there are too many.
            MemoryError: the decoder got no memory, which is no fault of the packet.
        """
        if isinstance(error, av.error.MemoryError):
            raise error
        self._packets += 1
        if self._packets > _MAX_PACKETS:
            raise MediaRejected(Reason.MEDIA_CORRUPT, f"too much of the {self._what} is damaged") from error
