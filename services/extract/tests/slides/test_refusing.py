"""Files that are no whole films, and searches that are ended early."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from bench.lectures import Lecture, remuxed
from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.extract.slides import SlideOptions, find_slides

Film = Callable[..., tuple[Lecture, Path]]
LIMITS = MediaLimits()


def refused(path: Path) -> Reason:
    with pytest.raises(MediaRejected) as caught:
        find_slides(path, SlideOptions(), LIMITS)
    return caught.value.reason


def test_bytes_that_are_no_film_are_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(1).bytes(50_000))
    assert refused(path) is Reason.MEDIA_CORRUPT


def test_a_film_without_its_end_is_corrupt(film: Film, tmp_path: Path) -> None:
    whole = film("plain")[1].read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert refused(path) is Reason.MEDIA_CORRUPT


def test_a_film_that_was_cut_off_behind_its_index_is_corrupt(film: Film, tmp_path: Path) -> None:
    indexed, path = tmp_path / "indexed.mp4", tmp_path / "cut.mp4"
    remuxed(film("plain")[1], indexed, movflags="faststart")
    whole = indexed.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert refused(path) is Reason.MEDIA_CORRUPT


@pytest.mark.parametrize("subject", ["varying_rate_bare", "mjpeg"])
def test_a_film_in_another_container_without_its_end_is_corrupt(film: Film, tmp_path: Path, subject: str) -> None:
    whole = film(subject)[1]
    assert find_slides(whole, SlideOptions(), LIMITS)
    path = tmp_path / f"cut{whole.suffix}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert refused(path) is Reason.MEDIA_CORRUPT


@pytest.mark.parametrize(("start", "end"), [(-1.0, 10.0), (float("nan"), 10.0), (0.0, float("nan")), (float("inf"), 1)])
def test_a_range_of_time_that_is_none_is_refused(film: Film, start: float, end: float) -> None:
    with pytest.raises(MediaRejected) as caught:
        find_slides(film("plain")[1], SlideOptions(), LIMITS, start_seconds=start, end_seconds=end)
    assert caught.value.reason is Reason.INVALID_ARGUMENT


@pytest.mark.parametrize("options", [{"min_shown_seconds": -1.0}, {"min_shown_seconds": float("nan")}, {"threads": 0}])
def test_options_out_of_their_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(MediaRejected) as caught:
        SlideOptions(**options)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.INVALID_ARGUMENT


def test_sound_alone_is_unsupported(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert refused(path) is Reason.MEDIA_UNSUPPORTED


def test_progress_rises_to_one(film: Film) -> None:
    shares: list[float] = []
    find_slides(film("plain")[1], SlideOptions(), LIMITS, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3


def test_what_progress_raises_ends_the_search(film: Film) -> None:
    class Cancelled(Exception):
        pass

    def cancel(share: float) -> None:
        if share > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_slides(film("plain")[1], SlideOptions(), LIMITS, progress=cancel)
