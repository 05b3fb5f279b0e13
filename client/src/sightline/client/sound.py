"""Pieces of sound on a time line, in the user's words."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from sightline.client.content import FileLike
from sightline.v1.extract_pb2 import AudioPiece
from sightline.v1.media_pb2 import Media


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """One piece of a mix; times in seconds.

    Attributes:
        source: the path of a file, its bytes, a file that was opened to read bytes, media or its name.
        start: when it begins in the mix.
        gain_db: how much louder it is made, in decibels.
        skip: how much of the beginning of the source is left out.
        length: how much of the source is heard; None hears it to its end.
        fade_in: how long it takes to become as loud as it is.
        fade_out: how long it takes to become silent at its end.
    """

    source: FileLike | Media
    start: float = 0.0
    gain_db: float = 0.0
    skip: float = 0.0
    length: float | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0

    def message(self, media: str) -> AudioPiece:
        """Say it in the words of the contract.

        Args:
            media: the name of its source, uploaded.
        """
        return AudioPiece(
            media=media,
            start=duration(self.start),
            gain_db=self.gain_db,
            skip=duration(self.skip),
            length=None if self.length is None else duration(self.length),
            fade_in=duration(self.fade_in),
            fade_out=duration(self.fade_out),
        )


def duration(seconds: float) -> Duration:
    """Give a length of time."""
    made = Duration()
    made.FromMicroseconds(round(seconds * 1e6))
    return made
