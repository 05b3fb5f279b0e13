"""Write sound to a file: WAV, FLAC or Opus."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from sightline.extract.sound.converting import Samples
from sightline.extract.sound.options import SoundFormat

# (container, codec, options of the container). A WAV keeps room for the header that it needs above 4 GiB.
_FORMATS: dict[SoundFormat, tuple[str, str, dict[str, str]]] = {
    SoundFormat.WAV: ("wav", "pcm_s16le", {"rf64": "auto"}),
    SoundFormat.FLAC: ("flac", "flac", {}),
    SoundFormat.OPUS: ("ogg", "libopus", {}),
}
_OPUS_RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
# Transparent for music, and the recommendation for full-band stereo. Source: RFC 6716, 2.1.1, and the Opus wiki.
_OPUS_BITS_PER_CHANNEL = 64_000
_LAYOUTS = {1: "mono", 2: "stereo"}


def written_rate(sample_rate_hz: int, form: SoundFormat) -> int:
    """Give the rate at which a format is written: Opus knows five, and 48000 serves for all others."""
    if form is SoundFormat.OPUS and sample_rate_hz not in _OPUS_RATES_HZ:
        return 48_000
    return sample_rate_hz


class SoundWriter:
    """A sound file that is being written; one that is left with an error is deleted."""

    def __init__(self, out: Path, form: SoundFormat, rate_hz: int, channels: int) -> None:
        """Begin a file.

        Args:
            out: where to; a file there is replaced.
            form: how it is written.
            rate_hz: samples a second, one of `written_rate`.
            channels: 1 or 2.
        """
        container, codec, options = _FORMATS[form]
        self._out, self._rate_hz, self._channels = out, rate_hz, channels
        # Nothing of this library's version in the file: the same sound is the same bytes.
        options = {"fflags": "+bitexact", **options}
        self._container = av.open(f"file:{out.resolve()}", "w", format=container, options=options)
        stream = self._container.add_stream(codec, rate=rate_hz, layout=_LAYOUTS[channels])
        assert isinstance(stream, AudioStream)
        self._stream = stream
        if form is SoundFormat.OPUS:
            stream.bit_rate = _OPUS_BITS_PER_CHANNEL * channels
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._container.start_encoding()  # a sound of no length has a header too
            self._container.mux(self._stream.encode(None))
        self._container.close()
        if kind is not None:
            self._out.unlink(missing_ok=True)

    def write(self, block: Samples) -> None:
        """Write a block: channels x samples, float32 that fits, rounded to 16 bits."""
        if not block.shape[1]:
            return
        whole = np.clip(np.rint(block.T * 32_768), -32_768, 32_767).astype(np.int16)
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(whole).reshape(1, -1), format="s16", layout=_LAYOUTS[self._channels]
        )
        frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._written, Fraction(1, self._rate_hz)
        self._written += block.shape[1]
        self._container.mux(self._stream.encode(frame))
