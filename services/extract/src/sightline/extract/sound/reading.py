"""Read a recording at any rate, as one or two channels, from any sample on."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.recording import Recording

# So much is put together before the rate is changed: small frames cost more to pass on than to compute.
_BLOCK_SAMPLES = 16_384
# The filter of the resampler looks this far back (32 taps at the lower of the two rates, and some).
_FILTER_SECONDS = 0.02
_LAYOUTS = {1: "mono", 2: "stereo"}


class SoundReader:
    """A recording at one rate and number of channels; whatever is read, and in what parts, is the same to the sample.

    Attributes:
        rate_hz: samples a second.
        channels: 1 or 2.
    """

    def __init__(self, path: Path, limits: MediaLimits, rate_hz: int = 0, channels: int = 0) -> None:
        """Open a recording, or the sound of a film, at its start.

        Args:
            path: a file on this machine.
            limits: what is accepted.
            rate_hz: samples a second that are wanted; 0 for as it is.
            channels: 1 or 2; 0 for as it is, and 2 where it has more. One is made of two by their mean, and two of
                one by giving it to both.

        Raises:
            MediaRejected: as `Recording`.
        """
        self._recording = Recording(path, limits)
        self.rate_hz = rate_hz or self._recording.rate_hz
        self.channels = channels or self._recording.channels
        self.duration_seconds = self._recording.duration_seconds
        self._inner = min(self.channels, self._recording.channels)
        self._waiting: list[Samples] = []
        self._blocks = self._resampled(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()
        self._recording.close()

    def resample(self, rate_hz: int) -> None:
        """Read at another rate, from the start on."""
        self.rate_hz = rate_hz
        self.seek(0)

    def seek(self, sample: int) -> None:
        """Go to a sample, counted at the rate that is read, 0 or more."""
        self._blocks.close()
        self._waiting = []
        self._blocks = self._resampled(sample)

    def read(self, samples: int) -> Samples:
        """Read what comes next.

        Returns:
            channels x at most `samples`, float32; less only at the end, and nothing after it.

        Raises:
            MediaRejected: as `Recording.samples`.
        """
        parts: list[Samples] = []
        missing = samples
        while missing > 0:
            block = self._waiting.pop() if self._waiting else next(self._blocks, None)
            if block is None:
                break
            parts.append(block[:, :missing])
            if block.shape[1] > missing:
                self._waiting.append(block[:, missing:])
            missing -= parts[-1].shape[1]
        if not parts:
            return np.zeros((self.channels, 0), np.float32)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    @property
    def _ratio(self) -> Fraction:
        return Fraction(self.rate_hz, self._recording.rate_hz)

    def _resampled(self, start: int) -> Generator[Samples]:
        # Samples of both rates fall together only every so often: to begin there keeps every sample as it would
        # be if all was read from the start.
        step = self._ratio.denominator
        back = 0 if self._ratio == 1 else math.ceil(_FILTER_SECONDS * self._recording.rate_hz)
        first = max(math.floor(start / self._ratio) - back, 0) // step * step
        early = start - int(first * self._ratio)
        for block in self._at_rate(self._mapped(first)):
            if block.shape[1] > early:
                yield block[:, early:] if self._inner == self.channels else np.repeat(block[:, early:], 2, axis=0)
            early = max(early - block.shape[1], 0)

    def _mapped(self, first: int) -> Iterator[Samples]:
        for block in self._recording.samples(first):
            if self._inner == block.shape[0]:
                yield block
            else:
                yield block.mean(axis=0, keepdims=True)

    def _at_rate(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        if self._ratio == 1:
            yield from blocks
            return
        resampler = AudioResampler(format="fltp", layout=_LAYOUTS[self._inner], rate=self.rate_hz)
        for block in _gathered(blocks):
            frame = AudioFrame.from_ndarray(block, format="fltp", layout=_LAYOUTS[self._inner])
            frame.sample_rate = self._recording.rate_hz
            yield from (np.asarray(changed.to_ndarray(), np.float32) for changed in resampler.resample(frame))
        yield from (np.asarray(changed.to_ndarray(), np.float32) for changed in resampler.resample(None))


def _gathered(blocks: Iterator[Samples]) -> Iterator[Samples]:
    parts: list[Samples] = []
    for block in blocks:
        parts.append(block)
        if sum(part.shape[1] for part in parts) >= _BLOCK_SAMPLES:
            yield np.concatenate(parts, axis=1)
            parts = []
    if parts:
        yield np.concatenate(parts, axis=1)
