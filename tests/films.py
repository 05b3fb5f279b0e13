"""Small films and sounds for tests, made on the spot: lectures of slides with a tone, sounds of one pitch."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

RATE = 10
SAMPLE_RATE = 48_000
TALK = (
    ("Rivers", "Where water comes from", "How it shapes the land"),
    ("Erosion", "Fast water carries sand", "Slow water lets it fall"),
    ("Deltas", "A river meets the sea", "New land grows each year"),
    ("Floods", "Why they come in spring", "What towns can do"),
)


def lecture(
    path: Path,
    talk: Sequence[Sequence[str]] = TALK,
    *,
    seconds_each: float = 4.0,
    size: tuple[int, int] = (640, 360),
    sound: bool = True,
) -> Path:
    """Write the film of a lecture: a page for each slide, shown for `seconds_each`, with a tone of its own."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.gop_size = RATE * 2
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if sound else None
        for number, words in enumerate(talk):
            pixels = page(words, size)
            for _ in range(round(seconds_each * RATE)):
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
            if audio is not None:
                samples = _wave(220.0 * (number + 1), seconds_each, SAMPLE_RATE).astype(np.float32)
                _mux(container, audio, samples, SAMPLE_RATE, number * seconds_each)
        for stream in (video, audio):
            if stream is not None:
                container.mux(stream.encode())
    return path


def spoken_lecture(
    path: Path, speeches: Sequence[Path], talk: Sequence[Sequence[str]] = TALK, *, size: tuple[int, int] = (640, 360)
) -> Path:
    """Write the film of a lecture: a recording (WAV, 16 bits, one channel) is heard while each slide is shown."""
    sounds = [read_wav(speech) for speech in speeches]
    rate = sounds[0][1]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.gop_size = RATE * 2
        audio = container.add_stream("aac", rate=rate, layout="mono")
        begun = 0.0
        for words, (samples, _) in zip(talk, sounds, strict=True):
            seconds = round(len(samples) / rate * RATE + 5) / RATE
            pixels = page(words, size)
            for _ in range(round(seconds * RATE)):
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
            silence = np.zeros(round(seconds * rate) - len(samples), np.float32)
            _mux(container, audio, np.concatenate([samples, silence]), rate, begun)
            begun += seconds
        for stream in (video, audio):
            container.mux(stream.encode())
    return path


def read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a recording: its samples, -1 to 1, and how many there are a second."""
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768, file.getframerate()


def tone(path: Path, *, seconds: float = 1.0, hertz: float = 440.0, rate: int = SAMPLE_RATE) -> Path:
    """Write a sound of one pitch, at a tenth of full scale, as WAV."""
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        samples = (_wave(hertz, seconds, rate) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def page(words: Sequence[str], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw a slide: a title and lines below it, dark on white."""
    width, height = size
    pixels = np.full((height, width, 3), 250, np.uint8)
    scale = height / 360
    for row, text in enumerate(words):
        large = row == 0
        place = (round(40 * scale), round((70 + 70 * row + (20 if row else 0)) * scale))
        cv2.putText(
            pixels, text, place, cv2.FONT_HERSHEY_DUPLEX, (1.6 if large else 1.0) * scale,
            (90, 30, 30) if large else (40, 40, 40), 2 if large else 1, cv2.LINE_AA,
        )  # fmt: skip
    return pixels


def _wave(hertz: float, seconds: float, rate: int) -> NDArray[np.float64]:
    return 0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def _mux(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    samples: NDArray[np.float32],
    rate: int,
    start: float,
) -> None:
    for begin in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + begin
        container.mux(stream.encode(frame))
