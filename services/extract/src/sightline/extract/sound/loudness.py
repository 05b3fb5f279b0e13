"""How loud a sound is (ITU-R BS.1770-4), and its highest peak; block by block."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from sightline.extract.sound.converting import Samples

SILENCE_LUFS = -70.0
"""The absolute gate of the measurement: what is not louder is not measured."""
_FLOOR = 1e-15


class Meter:
    """Measures a sound that comes in blocks, by FFmpeg's `ebur128`: integrated loudness, gated, in bounded memory."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._layout = rate_hz, "mono" if channels == 1 else "stereo"
        self._samples = 0
        self._peak = 0.0
        self._lufs = SILENCE_LUFS
        self._graph = Graph()
        base = Fraction(1, rate_hz)
        source = self._graph.add_abuffer(sample_rate=rate_hz, format="fltp", layout=self._layout, time_base=base)
        meter, sink = self._graph.add("ebur128", "metadata=1:framelog=quiet"), self._graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._graph.configure()

    @property
    def duration_seconds(self) -> float:
        """How long all blocks are together."""
        return self._samples / self._rate_hz

    @property
    def peak_dbfs(self) -> float:
        """The largest sample in decibels; -inf for silence."""
        return 20 * math.log10(self._peak) if self._peak > 0 else -math.inf

    @property
    def loudness_lufs(self) -> float:
        """How loud it is; -70 for silence and for less than 0.4 seconds."""
        return max(self._lufs, SILENCE_LUFS)

    def add(self, block: Samples) -> None:
        """Take in a block."""
        if not block.shape[1]:
            return
        self._peak = max(self._peak, float(np.abs(block).max()))
        frame = AudioFrame.from_ndarray(_never_nothing(block), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._samples, Fraction(1, self._rate_hz)
        self._samples += block.shape[1]
        self._graph.push(frame)
        self._pull()

    def _pull(self) -> None:
        while True:
            try:
                measured = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            self._lufs = float(measured.metadata["lavfi.r128.I"])


def _never_nothing(block: Samples) -> Samples:
    """Put a tone of -300 dB under the silence: in exact zeros the filters of the meter die away into numbers so small
    that each costs ten times as much.
    """
    floor = np.full(block.shape[1], _FLOOR, np.float32)
    floor[::2] = -_FLOOR
    return np.ascontiguousarray(block + floor, np.float32)
