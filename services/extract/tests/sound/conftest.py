"""A film whose pictures and sound begin at different times."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


@pytest.fixture
def film(tmp_path: Path) -> Callable[[float, float], Path]:
    """Give a film of 3 seconds whose pictures and whose click (1 second into its sound) begin when they are told to."""

    def made(pictures_seconds: float, sound_seconds: float) -> Path:
        path = tmp_path / "film.mp4"
        click = np.zeros((1, 3 * 48_000), np.float32)
        click[:, 48_000:50_000] = 0.5
        with av.open(str(path), "w") as file:
            video = file.add_stream("libx264", rate=25)
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            audio = file.add_stream("aac", rate=48_000, layout="mono")
            for number in range(75):
                picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                picture.pts, picture.time_base = number + round(pictures_seconds * 25), Fraction(1, 25)
                file.mux(video.encode(picture))
            file.mux(video.encode(None))
            for at in range(0, click.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(click[:, at : at + 1024].copy(), format="fltp", layout="mono")
                frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
                frame.pts = at + round(sound_seconds * 48_000)
                file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
        return path

    return made
