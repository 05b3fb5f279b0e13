"""Films are read whole or in steps, upright, with their times; and what is no film, or too much of one, is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits

MakeFilm = Callable[..., Path]
LIMITS = MediaLimits()


@pytest.fixture
def make_film(tmp_path: Path) -> MakeFilm:
    """Writes a film that gets brighter by two with each frame, with a red mark in its top left corner."""

    def make(
        *, frames: int = 75, size: tuple[int, int] = (320, 240), rotation: int = 0, name: str = "film.mp4"
    ) -> Path:
        path = tmp_path / name
        width, height = size
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg2video" if path.suffix == ".mpg" else "libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {"bf": "2", "g": "25", "sc_threshold": "0"}
            if rotation:
                stream.set_display_rotation(rotation)
            for number in range(frames):
                pixels = np.full((height, width, 3), 2 * number, np.uint8)
                pixels[: height // 4, : width // 4] = (0, 0, 255)
                for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)
        return path

    return make


def times(video: Video, **options: object) -> list[float]:
    return [round(frame.seconds, 3) for frame in video.frames(**options)]  # type: ignore[arg-type]


def test_the_header_says_size_rate_and_length(make_film: MakeFilm) -> None:
    with Video.open(make_film(), LIMITS) as video:
        info = video.info
    assert (info.width_px, info.height_px, info.codec, info.audio_streams) == (320, 240, "h264", 0)
    assert (info.frames_per_second, info.duration_seconds) == (25.0, 3.0)


def test_every_frame_is_given_in_order_in_bgr_with_its_time(make_film: MakeFilm) -> None:
    with Video.open(make_film(), LIMITS) as video:
        frames = list(video.frames())
    assert [round(frame.seconds, 3) for frame in frames] == [round(number / 25, 3) for number in range(75)]
    shades = [int(frame.pixels[200, 200, 0]) for frame in frames]
    assert all(abs(shade - 2 * number) <= 8 for number, shade in enumerate(shades))
    blue, green, red = frames[0].pixels[5, 5].tolist()
    assert red > 240
    assert max(blue, green) < 15


def test_steps_in_time_stay_on_their_raster(make_film: MakeFilm) -> None:
    with Video.open(make_film(), LIMITS) as video:
        assert times(video, every_seconds=0.5) == [0.0, 0.52, 1.0, 1.52, 2.0, 2.52]
        assert times(video, every_seconds=0.1, start_seconds=1.3, end_seconds=1.8) == [1.32, 1.4, 1.52, 1.6, 1.72]


def test_one_film_can_be_read_again_from_any_time(make_film: MakeFilm) -> None:
    with Video.open(make_film(), LIMITS) as video:
        assert times(video, start_seconds=2.8) == [2.8, 2.84, 2.88, 2.92, 2.96]
        assert len(times(video)) == 75
        assert times(video, start_seconds=9.0) == []


def test_less_effort_decodes_fewer_frames(make_film: MakeFilm) -> None:
    with Video.open(make_film(), LIMITS) as video:
        assert times(video, effort="key") == [0.0, 1.0, 2.0]
        assert len(times(video, effort="reference")) < 75


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-5, 5)), (-90, (5, -5)), (180, (-5, -5))])
def test_a_film_that_was_taken_on_its_side_is_shown_upright(
    make_film: MakeFilm, rotation: int, corner: tuple[int, int]
) -> None:
    with Video.open(make_film(rotation=rotation), LIMITS) as video:
        frame = next(video.frames())
        assert frame.pixels.shape[:2] == (video.info.height_px, video.info.width_px)
    assert frame.pixels[corner][2] > 240


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"max_video_pixels": 1000}, "pixels"),
        ({"max_video_seconds": 1}, "seconds"),
        ({"max_video_frames": 10}, "frames"),
    ],
)
def test_a_film_beyond_a_limit_is_refused(make_film: MakeFilm, limits: dict[str, int], what: str) -> None:
    with pytest.raises(MediaRejected, match=what) as refused:  # noqa: SIM117 - opening may refuse as well
        with Video.open(make_film(), MediaLimits.model_validate(limits)) as video:
            list(video.frames())
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense" * 1000,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile 'film.mp4'\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
)
def test_what_is_no_film_or_points_elsewhere_is_refused(content: bytes, make_film: MakeFilm, tmp_path: Path) -> None:
    make_film()
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(MediaRejected) as refused:
        Video.open(path, LIMITS)
    assert refused.value.reason is Reason.MEDIA_UNSUPPORTED


def test_a_film_that_was_cut_off_gives_what_is_there(make_film: MakeFilm) -> None:
    path = make_film(name="film.mkv")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with Video.open(path, LIMITS) as video:
        assert 20 < len(times(video)) < 75


@pytest.mark.parametrize("name", ["film.ts", "film.mkv", "film.mpg", "film.flv"])
def test_a_film_of_any_container_is_read_whole_and_from_any_time(make_film: MakeFilm, name: str) -> None:
    with Video.open(make_film(name=name), LIMITS) as video:
        whole = list(video.frames())
        assert len(whole) == 75
        assert all(abs(int(frame.pixels[200, 200, 0]) - 2 * number) <= 8 for number, frame in enumerate(whole))
        later = list(video.frames(start_seconds=2.0))
    assert [frame.seconds for frame in later] == [frame.seconds for frame in whole if frame.seconds >= 1.999]
    assert all((one.pixels == other.pixels).all() for one, other in zip(later, whole[-len(later) :], strict=True))


def test_the_times_of_frames_never_go_back(make_film: MakeFilm) -> None:
    with Video.open(make_film(name="film.avi"), LIMITS) as video:
        seconds = [frame.seconds for frame in video.frames()]
    assert len(seconds) == 75
    assert seconds == sorted(seconds)
