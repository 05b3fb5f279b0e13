"""Few pictures, each of another scene, none black, blurred or twice, on films whose scenes are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import Reason, SightlineError
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits
from sightline.extract.keyframes import Keyframe, choose_keyframes, read_keyframes

LIMITS = MediaLimits()
Pixels = NDArray[np.uint8]
WIDTH, HEIGHT, RATE = 320, 180, 10
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes frames as a film of ten a second."""

    def film(frames: Sequence[Pixels], group: int = 20) -> Path:
        path = tmp_path / "film.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(
                "libx264", rate=RATE, options={"g": str(group), "sc_threshold": "0", "preset": "ultrafast"}
            )
            stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
            for pixels in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
            container.mux(stream.encode())
        return path

    return film


def scene(number: int) -> Pixels:
    """One of many scenes, each with shapes and colours of its own."""
    generator = np.random.default_rng(number)
    pixels = np.full((HEIGHT, WIDTH, 3), generator.integers(30, 226, 3), np.uint8)
    for _ in range(12):
        x, y = int(generator.integers(WIDTH)), int(generator.integers(HEIGHT))
        colour = tuple(int(part) for part in generator.integers(0, 256, 3))
        cv2.circle(pixels, (x, y), int(generator.integers(8, 50)), colour, -1)
    cv2.putText(pixels, f"scene {number}", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    return pixels


def shown(number: int, seconds: float, *, noise: float = 3.0) -> list[Pixels]:
    """A scene for a while, as a camera sees it."""
    generator = np.random.default_rng(number + 1000)
    picture = scene(number).astype(np.float32)
    return [
        np.clip(picture + generator.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)
        for _ in range(round(seconds * RATE))
    ]


def numbers(pictures: Sequence[Pixels], count: int) -> list[int]:
    """Tell which scene each picture shows."""
    known = [small(scene(number)) for number in range(count)]
    return [int(np.argmin([np.abs(small(one) - other).mean() for other in known])) for one in pictures]


def small(pixels: Pixels) -> NDArray[np.int_]:
    return cv2.resize(pixels, (64, 36), interpolation=cv2.INTER_AREA).astype(int)


def keyframes(film: Path, most: int, *, max_side_px: int = 0) -> list[Keyframe]:
    with Video.open(film, LIMITS) as video:
        return list(read_keyframes(video, choose_keyframes(video, most), max_side_px=max_side_px))


@pytest.mark.parametrize("group", [10, 1000])
def test_each_scene_is_shown_once_in_order(write: Callable[..., Path], group: int) -> None:
    film = write([frame for number in range(8) for frame in shown(number, 4)], group)
    found = keyframes(film, 20)
    assert numbers([one.pixels for one in found], 8) == list(range(8))
    assert [int(one.seconds // 4) for one in found] == list(range(8))


def test_where_there_are_more_scenes_than_pictures_they_are_spread_over_the_film(write: Callable[..., Path]) -> None:
    film = write([frame for number in range(30) for frame in shown(number, 2)])
    found = keyframes(film, 6)
    assert len(found) == len(set(numbers([one.pixels for one in found], 30))) == 6
    thirds = {int(one.seconds // 20) for one in found}
    assert thirds == {0, 1, 2}


def test_a_scene_that_comes_back_is_shown_once(write: Callable[..., Path]) -> None:
    film = write([frame for number in (0, 1, 0, 2, 1, 0) for frame in shown(number, 3)])
    assert sorted(numbers([one.pixels for one in keyframes(film, 20)], 3)) == [0, 1, 2]


def test_black_and_fading_frames_are_not_shown(write: Callable[..., Path]) -> None:
    frames: list[Pixels] = [BLACK] * 20
    for number in range(3):
        frames += [cv2.convertScaleAbs(scene(number), alpha=step / 10) for step in range(10)]
        frames += shown(number, 3)
        frames += [
            cv2.addWeighted(scene(number), 1 - step / 10, scene(number + 1), step / 10, 0) for step in range(1, 10)
        ]
    frames += [BLACK] * 20
    found = keyframes(write(frames, 5), 20)
    pictures = [one.pixels for one in found]
    for one, number in zip(pictures, numbers(pictures, 4), strict=True):
        assert np.abs(one.astype(int) - scene(number)).mean() < 20, "this is between two scenes"
    assert set(numbers(pictures, 4)) >= {0, 1, 2}
    assert len(found) <= 4


def test_of_a_scene_the_sharpest_picture_is_shown(write: Callable[..., Path]) -> None:
    frames = []
    for number in range(3):
        clear = shown(number, 3)
        frames += [cv2.GaussianBlur(one, (0, 0), 4) if index % 30 != 20 else one for index, one in enumerate(clear)]
    found = keyframes(write(frames, 10), 10)
    assert [round(one.seconds % 3, 1) for one in found] == [2.0, 2.0, 2.0]


def test_a_film_of_one_picture_is_one_picture_and_a_black_one_still_has_one(write: Callable[..., Path]) -> None:
    assert len(keyframes(write(shown(1, 8)), 20)) == 1
    assert len(keyframes(write([BLACK] * 50), 20)) == 1
    assert len(keyframes(write(shown(1, 0.1)), 20)) == 1


def test_a_change_of_a_few_words_on_a_slide_is_another_picture(write: Callable[..., Path]) -> None:
    frames = []
    for number in range(4):
        slide = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
        cv2.putText(slide, "A lecture", (20, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (60, 30, 30), 2)
        for line in range(4):
            words = "".join("nmwhq"[(number * 7 + line * 3 + k) % 5] * (1 + (number + line + k) % 3) for k in range(5))
            cv2.putText(slide, words, (20, 70 + 28 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (30, 30, 30), 2)
        frames += [slide] * 40
    assert len(keyframes(write(frames), 20)) == 4


def test_pictures_are_as_large_as_wanted_and_no_larger_than_they_are(write: Callable[..., Path]) -> None:
    film = write(shown(1, 2))
    sizes = {side: keyframes(film, 1, max_side_px=side)[0].pixels.shape for side in (0, 160, 64, 4096)}
    assert sizes == {0: (180, 320, 3), 160: (90, 160, 3), 64: (36, 64, 3), 4096: (180, 320, 3)}


def test_frames_that_were_chosen_can_be_read_again(write: Callable[..., Path]) -> None:
    film = write([frame for number in range(3) for frame in shown(number, 2)])
    found = keyframes(film, 5)
    with Video.open(film, LIMITS) as video:
        times = choose_keyframes(video, 5)
        assert times == [one.seconds for one in found]
        for one, again in zip(found, read_keyframes(video, times), strict=True):
            assert np.array_equal(one.pixels, again.pixels)


def test_progress_rises_and_what_it_raises_ends_the_search(write: Callable[..., Path]) -> None:
    film = write([frame for number in range(3) for frame in shown(number, 2)])
    shares: list[float] = []

    def lost(share: float) -> None:
        raise SightlineError(Reason.LEASE_LOST, "gone")

    with Video.open(film, LIMITS) as video:
        choose_keyframes(video, 5, progress=shares.append)
        assert shares[-1] == max(shares) == 1.0
        with pytest.raises(SightlineError):
            choose_keyframes(video, 5, progress=lost)
