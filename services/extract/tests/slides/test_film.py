"""Reading a film from the middle, whatever its container knows of where its key frames are."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from sightline.common.settings import MediaLimits
from sightline.extract.slides.film import FilmReader

RATE, FRAMES = 25, 60


@pytest.mark.parametrize(
    ("name", "codec"), [("film.mp4", "libx264"), ("film.flv", "libx264"), ("film.ts", "libx264"), ("film.avi", "mpeg4")]
)
def test_every_frame_is_found_from_a_key_frame_before_it(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        # Frames that are decoded out of turn: the key frame at a time is decoded some frames before it.
        options = {"bf": "2", "g": "20", "sc_threshold": "0"}
        stream = container.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(FRAMES):
            pixels = np.full((64, 96, 3), 4 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    with FilmReader.open(path, MediaLimits()) as film:
        # The first of an AVI is told a frame late.
        for number in range(1, FRAMES):
            seconds = number / RATE
            first, _ = next(film.packets(seconds, FRAMES))
            assert first.key
            assert first.seconds <= seconds + 1e-3
            (frame,) = film.frames_at([seconds])
            assert abs(int(frame.to_ndarray(format="gray")[8, 8]) - 4 * number) <= 8
