"""Films from a file to a report: real frames, real models, and a scene whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import InvalidRequest, Reason, SightlineError
from sightline.common.media import Image
from sightline.common.media.looking import CheckpointUnknownError
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits
from sightline.object.detector import DetectedObject, Detector
from sightline.object.film import FilmAnalyzer, FilmOptions
from sightline.object.film_messages import ToldFrames, film_options, frame_message, parts
from sightline.object.options import DetectOptions
from sightline.object.settings import FilmSettings
from sightline.object.tracking import SeenFrame
from sightline.v1.object_pb2 import DetectObjectsVideoResult, ObjectFrame, ObjectVideoOptions

Film = Callable[..., Video]
WIDTH, HEIGHT, RATE = 640, 360, 10


class SquareDetector(Detector):
    """Finds bright squares, red ones and green ones: a model that is always right."""

    def detect(self, image: Image, options: DetectOptions) -> list[DetectedObject]:
        found = []
        for name, channel in (("red", 2), ("green", 1)):
            bright = (image.pixels[:, :, channel] > 150).astype(np.uint8)
            for left, top, width, height, area in cv2.connectedComponentsWithStats(bright)[2][1:].tolist():
                if area > 100:
                    found.append(DetectedObject((left, top, left + width, top + height), 0.9, name))
        return found


@pytest.fixture
def squares(default_detector: Detector) -> SquareDetector:
    return SquareDetector(default_detector._model, default_detector._settings, default_detector.identity)


@pytest.fixture
def films() -> Iterator[FilmAnalyzer]:
    with ThreadPoolExecutor(2) as threads:
        yield FilmAnalyzer(FilmSettings(), threads, sessions=2)


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Film]:
    """Writes frames (height x width x 3, BGR) as a film of ten frames a second, and opens it."""
    opened = ExitStack()

    def write(frames: Sequence[NDArray[np.uint8]]) -> Video:
        path = tmp_path / "film.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=RATE)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for pixels in frames:
                for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)
        return opened.enter_context(Video.open(path, MediaLimits()))

    with opened:
        yield write


def crossing(steps: int = 60) -> list[NDArray[np.uint8]]:
    """A red square walks to the right, a green one to the left, on paths that meet."""
    frames = []
    for step in range(steps):
        pixels = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
        x = 40 + int((WIDTH - 120) * step / steps)
        cv2.rectangle(pixels, (WIDTH - x - 40, 170), (WIDTH - x, 210), (0, 200, 0), -1)
        cv2.rectangle(pixels, (x, 150), (x + 40, 190), (0, 0, 220), -1)
        frames.append(pixels)
    return frames


def test_a_crossing_scene_is_followed_counted_and_timed(
    films: FilmAnalyzer, squares: SquareDetector, film: Film
) -> None:
    middle = ("middle", (0.5, 0.0), (0.5, 1.0))
    left_half = ("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    options = FilmOptions(every_seconds=0.0, lines=(middle,), zones=(left_half,))
    report = films.analyse(film(crossing()), squares, DetectOptions(), options)
    assert report.frame_count == 60
    first, second = sorted(report.tracks, key=lambda track: track.class_name)
    assert (first.class_name, second.class_name) == ("green", "red")
    assert all(track.start_seconds == 0 and track.end_seconds == pytest.approx(5.9) for track in report.tracks)
    crossings = {crossing.track: crossing.rightward for crossing in report.lines[0].crossings}
    assert crossings == {first.number: True, second.number: False}
    visits = {visit.track: visit.inside_seconds for visit in report.zones[0].visits()}
    assert visits[first.number] + visits[second.number] == pytest.approx(5.8, abs=0.5)
    assert [interval.seen for interval in report.intervals] == [{"green": 1, "red": 1}] * 6


def test_frames_are_told_in_order_and_as_often_as_asked(
    films: FilmAnalyzer, squares: SquareDetector, film: Film
) -> None:
    told: list[SeenFrame] = []
    shares: list[float] = []
    options = FilmOptions(every_seconds=0.5, start_seconds=1.0, end_seconds=4.0)
    report = films.analyse(
        film(crossing()), squares, DetectOptions(), options, on_frame=told.append, on_progress=shares.append
    )
    assert [round(frame.seconds, 1) for frame in told] == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert report.frame_count == 6
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0


def test_a_person_who_is_carried_through_the_picture_is_one_track(
    films: FilmAnalyzer, default_detector: Detector, film: Film, take: Callable[[str], Image]
) -> None:
    person = take("astronaut").pixels
    frames = []
    for step in range(6):
        pixels = np.full((512, 704, 3), 90, np.uint8)
        pixels[:, 20 * step : 20 * step + 512] = person
        frames.append(pixels)
    report = films.analyse(film(frames), default_detector, DetectOptions(min_score=0.4), FilmOptions(every_seconds=0.1))
    longest = max(report.tracks, key=lambda track: track.classes.total())
    assert longest.classes.total() == 6
    assert longest.class_name == "Normal"


@pytest.mark.parametrize("every_seconds", [1.0, 2.0, 3.0])
def test_frames_that_are_far_apart_are_followed_and_counted_as_well(
    films: FilmAnalyzer, squares: SquareDetector, film: Film, every_seconds: float
) -> None:
    def standing(number: int) -> NDArray[np.uint8]:
        pixels = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
        cv2.rectangle(pixels, (100 + number // 4, 150), (160 + number // 4, 210), (0, 0, 220), -1)
        if 55 <= number <= 65:
            cv2.rectangle(pixels, (400, 150), (460, 210), (0, 200, 0), -1)
        return pixels

    told: list[SeenFrame] = []
    zone = ("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    options = FilmOptions(every_seconds=every_seconds, zones=(zone,))
    video = film([standing(number) for number in range(130)])
    report = films.analyse(video, squares, DetectOptions(), options, on_frame=told.append)
    # The green square is in one frame only, of those that are looked at.
    assert [(track.class_name, track.classes.total()) for track in report.tracks] == [
        ("red", len(told)),
        ("green", 1),
    ]
    (visit,) = report.zones[0].visits()
    assert visit.inside_seconds == pytest.approx((len(told) - 1) * every_seconds)


def test_boxes_of_a_film_on_its_side_and_of_one_that_changes_its_size_are_shares_of_what_is_shown(
    films: FilmAnalyzer, squares: SquareDetector, tmp_path: Path
) -> None:
    def write(name: str, size: tuple[int, int], first: int, turned: int) -> bytes:
        with av.open(str(tmp_path / name), "w", options={"mpegts_copyts": "1"} if name.endswith("ts") else {}) as out:
            stream = out.add_stream("libx264", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            if turned:
                stream.set_display_rotation(turned)
            for number in range(10):
                pixels = np.full((size[1], size[0], 3), 30, np.uint8)
                pixels[: size[1] // 4, size[0] // 2 : size[0] * 3 // 4] = (0, 0, 220)
                frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
                frame.pts = first + number
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        return (tmp_path / name).read_bytes()

    def boxes(path: Path) -> list[tuple[float, ...]]:
        with Video.open(path, MediaLimits()) as video:
            size = (video.info.width_px, video.info.height_px)
            told = ToldFrames(size, wanted=True)
            films.analyse(video, squares, DetectOptions(), FilmOptions(every_seconds=0.0), on_frame=told.take)
        return [
            (one.object.box.left, one.object.box.top, one.object.box.right, one.object.box.bottom)
            for frame in told.all()
            for one in frame.objects
        ]

    # Upper edge, third quarter; turned against the clock that is the left edge, second quarter.
    write("turned.mp4", (320, 160), 0, 90)
    seen = boxes(tmp_path / "turned.mp4")
    assert len(seen) == 10
    assert all(box == pytest.approx((0.0, 0.25, 0.25, 0.5), abs=0.03) for box in seen)
    (tmp_path / "two.ts").write_bytes(write("1.ts", (320, 160), 10, 0) + write("2.ts", (640, 320), 20, 0))
    seen = boxes(tmp_path / "two.ts")
    assert len(seen) == 20
    assert all(box == pytest.approx((0.5, 0.0, 0.75, 0.25), abs=0.03) for box in seen)


def test_work_that_is_no_longer_wanted_ends(films: FilmAnalyzer, squares: SquareDetector, film: Film) -> None:
    def lost(share: float) -> None:
        raise SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's")

    with pytest.raises(SightlineError) as ended:
        films.analyse(film(crossing()), squares, DetectOptions(), FilmOptions(), on_progress=lost)
    assert ended.value.reason is Reason.LEASE_LOST


def test_what_is_no_class_and_no_line_is_refused(films: FilmAnalyzer, squares: SquareDetector, film: Film) -> None:
    with pytest.raises(InvalidRequest, match="unicorn"):
        films.analyse(film(crossing(5)), squares, DetectOptions(classes=("unicorn",)), FilmOptions())
    with pytest.raises(InvalidRequest):
        FilmOptions(lines=(("dot", (0.5, 0.5), (0.5, 0.5)),))
    with pytest.raises(InvalidRequest):
        FilmOptions(start_seconds=2.0, end_seconds=1.0)


def test_a_long_result_is_told_in_parts_that_merge_into_one(
    films: FilmAnalyzer, squares: SquareDetector, film: Film
) -> None:
    told: list[ObjectFrame] = []
    report = films.analyse(
        film(crossing()),
        squares,
        DetectOptions(),
        FilmOptions(every_seconds=0.0),
        on_frame=lambda frame: told.append(frame_message(frame, (WIDTH, HEIGHT))),
    )
    (whole,) = parts(report, squares.identity, told, 10**6)
    pieces = parts(report, squares.identity, told, 600)
    assert len(pieces) == pieces[0].part_count > 5
    assert all(piece.ByteSize() <= 700 for piece in pieces)
    merged = DetectObjectsVideoResult()
    for piece in pieces:
        merged.MergeFrom(piece)
    merged.part_count = 1
    assert merged == whole
    assert len(whole.frames) == 60
    assert {total.class_name: total.count for total in whole.totals} == {"red": 1, "green": 1}


def test_unset_options_leave_the_choice_to_the_service() -> None:
    unset = film_options(ObjectVideoOptions())
    assert (unset.every_seconds, unset.interval_seconds, unset.start_seconds) == (None, None, 0.0)
    message = ObjectVideoOptions()
    message.every.FromMilliseconds(0)
    message.end.FromMilliseconds(2500)
    assert (film_options(message).every_seconds, film_options(message).end_seconds) == (0.0, 2.5)


class Died(Exception):
    """The worker, in a test."""


@pytest.mark.parametrize("every_seconds", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("killed_after", [1, 7, 15])
def test_an_attempt_that_goes_on_from_a_checkpoint_tells_what_one_attempt_tells(
    squares: SquareDetector, film: Film, every_seconds: float, killed_after: int
) -> None:
    middle = ("middle", (0.5, 0.0), (0.5, 1.0))
    left_half = ("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    options = FilmOptions(every_seconds=every_seconds, lines=(middle,), zones=(left_half,))
    video, stored = film(crossing()), [b""]

    def attempt(checkpoint: bytes | None, most: float = math.inf) -> tuple[Sequence[DetectObjectsVideoResult], int]:
        told = ToldFrames((WIDTH, HEIGHT), wanted=True)
        looked = 0

        def look(share: float) -> None:
            nonlocal looked
            looked += 1
            if looked > most:
                raise Died

        with ThreadPoolExecutor(2) as threads:
            report = FilmAnalyzer(FilmSettings(), threads, sessions=2).analyse(
                video, squares, DetectOptions(), options,
                earlier=told.unpack(checkpoint) if checkpoint else None, on_frame=told.take, on_progress=look,
                save=lambda state: stored.append(told.pack(state())),
            )  # fmt: skip
        return parts(report, squares.identity, told.all(), 10**6), looked

    whole, frames = attempt(None)
    with pytest.raises(Died):
        attempt(None, killed_after)
    resumed, looked = attempt(stored[-1])
    assert resumed == whole
    assert frames - killed_after <= looked < frames


def test_a_checkpoint_of_another_model_or_of_nonsense_is_not_gone_on_from(squares: SquareDetector, film: Film) -> None:
    stored: list[bytes] = []
    video = film(crossing(10))
    with ThreadPoolExecutor(2) as threads:
        films = FilmAnalyzer(FilmSettings(), threads, sessions=2)
        films.analyse(video, squares, DetectOptions(), FilmOptions(), save=lambda state: stored.append(state()))
        other = SquareDetector(squares._model, squares._settings, replace(squares.identity, sha256="other"))
        for detector, checkpoint in ((other, stored[-1]), (squares, b"nonsense"), (squares, stored[-1][:-5])):
            with pytest.raises(CheckpointUnknownError):
                films.analyse(video, detector, DetectOptions(), FilmOptions(), earlier=checkpoint)


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b"\x00\x00\x00\x02{}", "cut", "flipped"])
def test_a_damaged_checkpoint_of_told_frames_is_told_as_unknown(damaged: bytes | str) -> None:
    told = ToldFrames((WIDTH, HEIGHT), wanted=True)
    told.take(SeenFrame(0.5, []))
    whole = told.pack(b"state")
    assert ToldFrames((WIDTH, HEIGHT), wanted=True).unpack(whole) == b"state"
    spoilt = {"cut": whole[:-3], "flipped": whole[:-2] + bytes([whole[-2] ^ 255]) + whole[-1:]}
    with pytest.raises(CheckpointUnknownError):
        ToldFrames((WIDTH, HEIGHT), wanted=True).unpack(spoilt[damaged] if isinstance(damaged, str) else damaged)


def test_told_frames_say_when_a_checkpoint_can_no_longer_hold_them() -> None:
    told = ToldFrames((WIDTH, HEIGHT), wanted=True, most_bytes=20)
    for second in range(10):
        told.take(SeenFrame(float(second), []))
    assert not told.fit
    told.clear()
    assert told.fit
