"""Small recordings with known samples."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.int16]
"""channels x samples."""


def write_wav(path: Path, sound: Sound, rate_hz: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.ascontiguousarray(sound.T).astype("<i2").tobytes())
    return path


def read_wav(path: Path) -> Sound:
    with wave.open(str(path), "rb") as file:
        flat = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return flat.reshape(-1, file.getnchannels()).T


def noise(seconds: float, rate_hz: int = 48_000, channels: int = 1, level: int = 3000, seed: int = 1) -> Sound:
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate_hz))) * level
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def sweep(seconds: float, rate_hz: int, channels: int = 2) -> NDArray[np.float32]:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.stack(
        [0.5 * np.sin(2 * np.pi * (300 + 100 * channel) * times * (1 + times / 20)) for channel in range(channels)]
    ).astype(np.float32)


def encode(path: Path, codec: str, sound: NDArray[np.float32], rate_hz: int) -> Path:
    layout = "mono" if sound.shape[0] == 1 else "stereo"
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        for at in range(0, sound.shape[1], 4800):
            part = np.ascontiguousarray(sound[:, at : at + 4800])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, at, Fraction(1, rate_hz)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
