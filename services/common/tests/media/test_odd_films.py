"""Films as they are met: cut, late, broken off, of changing sizes and rates, and in every kind of colours."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from sightline.common.media.looking import Raster
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits

LIMITS = MediaLimits()
RATE, SIZE = 25, (96, 64)


def shaded(number: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Make a picture that is brighter by two than that before it, with a red mark in its lower right quarter."""
    width, height = size
    pixels = np.full((height, width, 3), 2 * number, np.uint8)
    pixels[height // 2 :, width // 2 :] = (0, 0, 255)
    return pixels


def write(
    path: Path,
    *,
    codec: str = "libx264",
    frames: int = 60,
    size: tuple[int, int] = SIZE,
    at_ms: Callable[[int], int] = lambda number: 40 * number,
    kind: str = "yuv420p",
) -> Path:
    """Write a film with a key frame every twenty, and pictures that are decoded out of turn where a codec has them."""
    times = {"mpegts_copyts": "1"} if path.suffix == ".ts" else {}
    with av.open(str(path), "w", options=times) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, kind
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000 if codec == "libx264" else RATE)
        stream.options = {"bf": "2", "g": "20", "sc_threshold": "0"} if codec != "mjpeg" else {}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(shaded(number % 120, size), format="bgr24")
            frame.pts, frame.time_base = at_ms(number), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def looks(path: Path, **options: float) -> list[tuple[float, int]]:
    """Give the time and the shade of each frame."""
    with Video.open(path, LIMITS) as video:
        return [(round(frame.seconds, 3), int(frame.pixels[8, 8, 0])) for frame in video.frames(**options)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("film.mp4", "libx264"),
        ("film.mkv", "libx264"),
        ("film.flv", "libx264"),
        ("film.ts", "libx264"),
        ("film.avi", "mpeg4"),
        ("film.mpg", "mpeg2video"),
    ],
)
def test_no_frame_is_lost_wherever_a_film_is_begun(tmp_path: Path, name: str, codec: str) -> None:
    path = write(tmp_path / name, codec=codec)
    whole = looks(path)
    assert len(whole) == 60
    for seconds, _ in whole[::3] + whole[17:23] + whole[-2:]:
        assert looks(path, start_seconds=seconds) == [seen for seen in whole if seen[0] >= seconds]


def test_frames_that_an_edit_list_cuts_off_are_not_shown_and_times_begin_behind_them(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", at_ms=lambda number: 40 * number - 400)
    assert b"elst" in path.read_bytes()
    seen = looks(path)
    assert [seconds for seconds, _ in seen] == [round(number / RATE, 3) for number in range(50)]
    assert all(abs(shade - 2 * (number + 10)) <= 8 for number, (_, shade) in enumerate(seen))
    assert looks(path, start_seconds=1.0) == seen[25:]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_a_film_that_begins_late_is_as_long_as_its_pictures(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, at_ms=lambda number: 2000 + 40 * number)
    with Video.open(path, LIMITS) as video:
        assert video.info.duration_seconds == pytest.approx(60 / RATE, abs=0.05)
    assert [seconds for seconds, _ in looks(path)] == [round(number / RATE, 3) for number in range(60)]


def test_frames_of_no_bytes_are_passed_over_however_many_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", codec="mjpeg", frames=400, kind="yuvj420p")
    film = bytearray(path.read_bytes())
    sizes = film.index(b"stsz") + 16
    for at in range(sizes + 8, sizes + 4 * 400, 8):
        before, size = struct.unpack_from(">II", film, at - 4)
        struct.pack_into(">II", film, at - 4, before + size, 0)
    path.write_bytes(film)
    seen = looks(path)
    assert len(seen) == 201
    assert seen[-1] == (15.96, pytest.approx(2 * (399 % 120), abs=8))


def test_a_film_that_goes_on_in_another_size_keeps_its_own(tmp_path: Path) -> None:
    parts = [
        write(tmp_path / f"{number}.ts", size=size, frames=25, at_ms=lambda n, of=number: 1000 * (of + 1) + 40 * n)  # type: ignore[misc]
        for number, size in enumerate((SIZE, (192, 128), (64, 64)))
    ]
    path = tmp_path / "film.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with Video.open(path, LIMITS) as video:
        frames = list(video.frames())
        assert (video.info.width_px, video.info.height_px) == SIZE
    assert [round(frame.seconds, 2) for frame in frames] == [round(number / RATE, 2) for number in range(75)]
    for frame in frames:
        assert frame.pixels.shape == (64, 96, 3)
        red = frame.pixels[:, :, 2].astype(int) - frame.pixels[:, :, 0] > 100
        assert red[40:, 56:].mean() > 0.95
        assert red[:28].mean() + red[:, :44].mean() < 0.05


def test_the_cover_of_a_film_is_not_the_film(tmp_path: Path) -> None:
    path, source = tmp_path / "covered.mp4", write(tmp_path / "film.mp4", frames=10)
    with av.open(str(path), "w") as container, av.open(str(source)) as film:
        cover = container.add_stream("png")
        cover.width, cover.height, cover.pix_fmt, cover.disposition = 32, 32, "rgb24", Disposition.attached_pic
        stream = container.add_stream_from_template(film.streams.video[0])
        picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 200, np.uint8), format="rgb24")
        picture.pts = 0
        container.mux([*cover.encode(picture), *cover.encode()])
        for packet in film.demux(film.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    with Video.open(path, LIMITS) as video:
        assert (video.info.width_px, video.info.height_px) == SIZE
        assert len(list(video.frames())) == 10


def test_a_film_of_one_frame_is_a_film(tmp_path: Path) -> None:
    for name in ("film.mp4", "film.mkv", "film.ts"):
        assert looks(write(tmp_path / name, frames=1)) == [(0.0, pytest.approx(0, abs=2))]
        assert looks(tmp_path / name, every_seconds=0.5) == looks(tmp_path / name)


def test_frames_at_no_steady_rate_have_their_own_times(tmp_path: Path) -> None:
    times = [0, 40, 500, 510, 530, 2000, 2040, 5000]
    path = write(tmp_path / "film.mkv", frames=len(times), at_ms=lambda number: times[number])
    assert [seconds for seconds, _ in looks(path)] == [time / 1000 for time in times]
    assert [seconds for seconds, _ in looks(path, every_seconds=0.5)] == [0.0, 0.5, 2.0, 5.0]


def flat(path: Path, kind: str, luma: int, *, full: bool) -> Path:
    """Write a film of one grey, its samples of ten bits or eight, in the full range or in that of television."""
    deep = "10" in kind
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 64, kind
        stream.codec_context.color_range = 2 if full else 1
        for number in range(3):
            frame = av.VideoFrame(64, 64, kind)
            for place, plane in enumerate(frame.planes):
                value = (luma if place == 0 else 128) * (4 if deep else 1)
                samples = np.full(plane.buffer_size // (2 if deep else 1), value, np.uint16 if deep else np.uint8)
                plane.update(samples.tobytes())
            frame.pts, frame.color_range = number, 2 if full else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("kind", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p10le"])
@pytest.mark.parametrize(
    ("luma", "full", "shade"), [(235, False, 255), (16, False, 0), (235, True, 235), (16, True, 16)]
)
def test_colours_of_any_depth_and_range_come_out_right(
    tmp_path: Path, kind: str, luma: int, full: bool, shade: int
) -> None:
    with Video.open(flat(tmp_path / "film.mp4", kind, luma, full=full), LIMITS) as video:
        frames = list(video.frames())
    assert len(frames) == 3
    assert all(np.abs(frame.pixels.astype(int) - shade).max() <= 2 for frame in frames)


@pytest.mark.parametrize(
    ("raster", "seconds", "length_seconds"),
    [
        (Raster(0.2, 3.0, math.inf), 3.4, 3.0),
        (Raster(0.2, 4.0, math.inf), 4.2, 3.0),
        (Raster(0.2, 0.0, 9.0), 5.0, 3.0),
        (Raster(0.2, 2.0, 9.0), 1.9995, 20.0),
        (Raster(0.0, 0.0, math.inf), 0.0, 0.0),
    ],
)
def test_progress_stays_between_nothing_and_all_whatever_the_header_says(
    raster: Raster, seconds: float, length_seconds: float
) -> None:
    assert 0.0 <= raster.share(seconds, length_seconds) <= 1.0
