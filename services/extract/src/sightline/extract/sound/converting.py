"""Frames of sound of any form as numbers: one or two channels, and nothing in them that is no number."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""channels x samples, float32; full scale is -1 to 1."""

# 60 decibels above full scale: no sound is louder, but files of floats can hold what is no number, and any number.
_LOUDEST = 1000.0
_LAYOUTS = {1: "mono", 2: "stereo"}


class Converter:
    """Makes float samples of the frames of one recording; their rate is changed only where it differs midway."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        """Say what is wanted.

        Args:
            rate_hz: samples a second.
            channels: 1 or 2; more are mixed down by FFmpeg's own matrix. Where it has none, since nobody says where
                the loudspeakers stand, each side is given the mean of all.
        """
        self._rate_hz, self._layout, self._channels = rate_hz, _LAYOUTS[channels], channels
        self._form = ("", "", 0)
        self._placed = True
        self._resampler = self._new()

    def convert(self, frame: AudioFrame) -> Iterator[Samples]:
        """Convert a frame; what is no number becomes silence."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:  # broadcasts change it midway
            self._resampler, self._form, self._placed = self._new(), form, True
        for converted in self._resampled(frame):
            yield _sane(np.asarray(converted.to_ndarray(), np.float32))

    def _new(self) -> AudioResampler:
        return AudioResampler(format="fltp", layout=self._layout, rate=self._rate_hz)

    def _resampled(self, frame: AudioFrame) -> list[AudioFrame]:
        if self._placed:
            try:
                return self._resampler.resample(frame)
            except av.error.ArgumentError:  # it has no matrix for these channels
                self._resampler, self._placed = self._new(), False
        return self._resampler.resample(self._mean(frame))

    def _mean(self, frame: AudioFrame) -> AudioFrame:
        """Make a frame of the wanted channels, each with the mean of all."""
        channels, samples = frame.layout.nb_channels, frame.samples
        # As one channel after the other, or sample after sample: to change the format nobody must know which.
        flat = AudioFrame.from_ndarray(frame.to_ndarray().reshape(1, -1), format=frame.format.name, layout="mono")
        flat.sample_rate = frame.sample_rate
        (whole,) = AudioResampler(format="fltp", layout="mono", rate=frame.sample_rate).resample(flat)
        numbers = np.asarray(whole.to_ndarray(), np.float32)
        planes = numbers.reshape(channels, samples) if frame.format.is_planar else numbers.reshape(samples, channels).T
        mean = np.repeat(_sane(planes).mean(axis=0, keepdims=True), self._channels, axis=0)
        made = AudioFrame.from_ndarray(mean, format="fltp", layout=self._layout)
        made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
        return made


def _sane(block: Samples) -> Samples:
    if np.abs(block).max(initial=0.0) <= _LOUDEST:  # false for what is no number
        return block
    return np.clip(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST)
