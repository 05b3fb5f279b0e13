"""Films that are decoded in a child look the same as films that are decoded here."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sightline.common.errors import MediaRejected, Reason, SightlineError
from sightline.common.media.video import Frame, Video
from sightline.common.settings import ChildLimits, MediaLimits
from sightline.common.worker.child import Nursery
from sightline.common.worker.child.films import ChildVideos

LIMITS = MediaLimits()
RATE = 25


@pytest.fixture(scope="module")
def videos() -> Iterator[ChildVideos]:
    nursery = Nursery()
    yield ChildVideos(nursery)
    nursery.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    generator = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": "20"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for _ in range(100):
            pixels = np.full((180, 320, 3), generator.integers(0, 255, 3), np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def told(frames: Iterator[Frame]) -> list[tuple[Any, ...]]:
    return [(f.seconds, f.index, f.key, f.pixels.shape, int(f.pixels.sum())) for f in frames]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"every_seconds": 0.3},
        {"every_seconds": 0.1, "start_seconds": 1.3, "end_seconds": 2.9},
        {"effort": "key"},
        {"start_seconds": 99.0, "end_seconds": math.inf},
    ],
)
def test_the_same_frames_come_in_the_same_order(videos: ChildVideos, film: Path, wanted: dict[str, Any]) -> None:
    with Video.open(film, LIMITS) as here, videos.open(film, LIMITS) as there:
        assert there.info == here.info
        assert told(there.frames(**wanted)) == told(here.frames(**wanted))


def test_a_pass_may_be_left_for_another(videos: ChildVideos, film: Path) -> None:
    with videos.open(film, LIMITS) as video:
        first = video.frames()
        assert [next(first).index for _ in range(3)] == [0, 1, 2]
        del first
        assert [round(frame.seconds, 2) for frame in video.frames(start_seconds=2, every_seconds=1)] == [2, 3]
        assert len(told(video.frames())) == 100


def test_a_frame_stays_what_it_was_when_the_next_ones_come(videos: ChildVideos, film: Path) -> None:
    with Video.open(film, LIMITS) as here, videos.open(film, LIMITS) as there:
        kept, expected = list(there.frames()), list(here.frames())
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(kept, expected, strict=True))


def test_a_film_is_refused_for_the_same_reason_as_here(videos: ChildVideos, film: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no film" * 1000)
    for path, limits in ((other, LIMITS), (film, MediaLimits(max_video_pixels=100))):
        with pytest.raises(MediaRejected) as here:
            Video.open(path, limits)
        with pytest.raises(MediaRejected) as there:
            videos.open(path, limits)
        assert (there.value.reason, there.value.message) == (here.value.reason, here.value.message)


def test_a_film_that_turns_out_too_long_ends_in_its_reason(videos: ChildVideos, film: Path, tmp_path: Path) -> None:
    # Its header says nothing of how many frames there are.
    mkv = tmp_path / "film.mkv"
    with av.open(str(film)) as source, av.open(str(mkv), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    with (
        videos.open(mkv, MediaLimits(max_video_frames=10)) as video,
        pytest.raises(MediaRejected, match="at most 10") as refused,
    ):
        told(video.frames())
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE


def test_a_child_that_dies_in_the_middle_is_tried_again(videos: ChildVideos, film: Path) -> None:
    with videos.open(film, LIMITS) as video, pytest.raises(SightlineError) as refused:
        for frame in video.frames():
            if frame.index == 5:
                os.kill(video._child.pid, signal.SIGKILL)
    assert (refused.value.reason, refused.value.retryable) == (Reason.SERVICE_UNAVAILABLE, True)


def test_a_decoder_that_stands_still_is_left_when_nobody_wants_its_pictures(videos: ChildVideos, film: Path) -> None:
    wanted = [True]
    with videos.open(film, LIMITS, wanted=lambda: wanted[0]) as video:
        os.kill(video._child.pid, signal.SIGSTOP)
        wanted[0] = False
        with pytest.raises(SightlineError) as lost:
            told(video.frames())
    assert lost.value.reason is Reason.LEASE_LOST
    with pytest.raises(ProcessLookupError):
        os.kill(video._child.pid, 0)


def test_waiting_for_pictures_has_its_limit(film: Path) -> None:
    nursery = Nursery()
    try:
        with ChildVideos(nursery, ChildLimits(wall_seconds=3)).open(film, LIMITS) as video:
            os.kill(video._child.pid, signal.SIGSTOP)
            with pytest.raises(SightlineError) as late:
                told(video.frames())
        assert late.value.reason is Reason.DEADLINE_EXCEEDED
    finally:
        nursery.close()
