"""The film of the demonstration: a short lecture with slides that are drawn here and sentences that were read aloud."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

SIZE = (960, 540)
RATE = 10
_PAUSE_SECONDS = 0.5
_INK, _TITLE, _PAPER, _ACCENT = (45, 45, 50), (30, 60, 120), (250, 250, 247), (200, 90, 40)


@dataclass(frozen=True, slots=True)
class Page:
    """One slide: its title, its lines, and the sample that is heard while it is shown."""

    title: str
    lines: tuple[str, ...]
    sample: str


PAGES = (
    Page("Sense and Sensibility", ("A novel by Jane Austen", "Published in London, 1811"), "austen-1"),
    Page("John Dashwood", ("Heir of Norland Park", "Promises to help his sisters"), "austen-2"),
    Page("His character", ("Rather cold hearted", "Not ill disposed", "Cautious with money"), "austen-3"),
    Page("His marriage", ("Fanny has the stronger will", "He becomes less generous"), "austen-4"),
)


def samples(models: Path) -> list[Path]:
    """Give the sentences, read by a volunteer of LibriVox; those that are missing are fetched."""
    store = ModelStore(ModelSettings(folder=models, allow_noncommercial=True))
    return store.fetch([page.sample for page in PAGES])


def make_lecture(path: Path, sentences: Sequence[Path]) -> Path:
    """Write the film; a slide is shown for as long as its sentence takes, and a moment more."""
    sounds = [_read(sentence) for sentence in sentences]
    rate = sounds[0][1]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="mono")
        begun = 0
        for page, (sound, _) in zip(PAGES, sounds, strict=True):
            frames = round((len(sound) / rate + _PAUSE_SECONDS) * RATE)
            picture = av.VideoFrame.from_ndarray(np.asarray(_drawn(page)), format="rgb24")
            for number in range(begun, begun + frames):
                picture.pts, picture.time_base = number, Fraction(1, RATE)
                container.mux(video.encode(picture))
            silence = np.zeros(frames * rate // RATE - len(sound), np.float32)
            _add_sound(container, audio, np.concatenate([sound, silence]), begun * rate // RATE)
            begun += frames
        for stream in (video, audio):
            container.mux(stream.encode())
    return path


def _drawn(page: Page) -> Image.Image:
    picture = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 18, SIZE[1]), fill=_ACCENT)
    draw.text((70, 60), page.title, fill=_TITLE, font=ImageFont.load_default(size=56))
    for row, line in enumerate(page.lines):
        top = 190 + 80 * row
        draw.ellipse((74, top + 14, 88, top + 28), fill=_ACCENT)
        draw.text((110, top), line, fill=_INK, font=ImageFont.load_default(size=36))
    return picture


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
        return np.asarray(np.frombuffer(data, "<i2") / 32768, np.float32), file.getframerate()


def _add_sound(container: OutputContainer, stream: AudioStream, sound: NDArray[np.float32], start: int) -> None:
    for begin in range(0, len(sound), 1024):
        frame = av.AudioFrame.from_ndarray(sound[None, begin : begin + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = stream.rate, Fraction(1, stream.rate)
        frame.pts = start + begin
        container.mux(stream.encode(frame))
