"""What is in a film: frames through a model, objects followed, and everything counted on the way."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.media import Image, ImageFormat
from sightline.common.media.video import Frame, Video, VideoInfo
from sightline.common.settings import MediaLimits
from sightline.object.counting import Interval, Intervals, Line, Point, Track, Tracks, Zone
from sightline.object.detector import DetectedObject, Detector
from sightline.object.options import DetectOptions
from sightline.object.settings import FilmSettings
from sightline.object.tracking import LOW_SCORE, Follower, SeenFrame

_MAX_INTERVALS = 1000
_LEAST_INTERVAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """How a film is looked at.

    Attributes:
        every_seconds: time between two frames that are looked at; 0 for every frame, None for the setting.
        start_seconds: where to begin.
        end_seconds: where to end; infinity for the end of the film.
        interval_seconds: length of the intervals that objects are counted in; None for a fitting one.
        lines: name, start and end of each line, as shares of width and height.
        zones: name and corners of each zone, likewise.

    Raises:
        InvalidRequest: a value is out of its range, or a line has no length.
    """

    every_seconds: float | None = None
    start_seconds: float = 0.0
    end_seconds: float = math.inf
    interval_seconds: float | None = None
    lines: tuple[tuple[str, Point, Point], ...] = ()
    zones: tuple[tuple[str, tuple[Point, ...]], ...] = ()

    def __post_init__(self) -> None:
        wrong = [
            FieldViolation(f"options.video.lines[{index}]", "must begin and end in different places")
            for index, (_, start, end) in enumerate(self.lines)
            if start == end
        ]
        if self.end_seconds <= self.start_seconds:
            wrong.append(FieldViolation("options.video.end", "must be after the start"))
        if wrong:
            raise InvalidRequest("the options of the video are out of range", wrong)


@dataclass(slots=True)
class Report:
    """What was seen in a film.

    Attributes:
        info: what the film's header says.
        frame_count: how many frames were looked at.
        tracks: in the order of their start.
        intervals: those in which something was seen, in order.
        lines: with their crossings, in the order of the options.
        zones: with their visits, in the order of the options.
    """

    info: VideoInfo
    frame_count: int = 0
    tracks: list[Track] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)


class FilmAnalyzer:
    """Looks at films; each call reads one, and the frames of all share the model's sessions."""

    def __init__(self, settings: FilmSettings, limits: MediaLimits, looking: Executor, sessions: int) -> None:
        """Take what films share.

        Args:
            settings: how films are looked at.
            limits: which films are refused.
            looking: where frames go through the model.
            sessions: how many frames of a film are on their way at once.
        """
        self._settings = settings
        self._limits = limits
        self._looking = looking
        self._sessions = sessions

    def analyse(
        self,
        path: Path,
        detector: Detector,
        options: DetectOptions,
        film: FilmOptions,
        *,
        on_frame: Callable[[SeenFrame], None] = lambda frame: None,
        on_progress: Callable[[float], None] = lambda share: None,
    ) -> Report:
        """Look at a film from `start_seconds` to `end_seconds`.

        Args:
            path: the film.
            detector: the model that finds objects.
            options: how objects are found in a frame; `min_score` is that of an object that begins a track.
            film: which frames, and what is counted.
            on_frame: is given every frame that was looked at, in order, with its tracks.
            on_progress: is told the share that is done, 0 to 1; what it raises ends the work.

        Raises:
            MediaRejected: the film is refused or does not decode.
            InvalidRequest: an unknown class, or an image size that the model does not take.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        detector.class_indices(options.classes)
        with Video.open(path, self._limits) as video:
            report = self._report(video.info, film)
            tracks, intervals = Tracks(), Intervals(_interval_seconds(video.info, film))
            watching = [tracks.take, intervals.take, on_frame]
            watching += [*(line.take for line in report.lines), *(zone.take for zone in report.zones)]
            every_seconds = self._settings.every_seconds if film.every_seconds is None else film.every_seconds
            follower = self._follower(video.info, detector.min_score(options), every_seconds)
            last_seconds = min(film.end_seconds, video.info.duration_seconds or math.inf)
            with closing(self._looked_at(video, detector, options, film, every_seconds)) as frames:
                for seconds, objects in frames:
                    report.frame_count += 1
                    _tell(follower.follow(objects, seconds), watching)
                    on_progress(min(1.0, (seconds - film.start_seconds) / (last_seconds - film.start_seconds)))
            _tell(follower.end(), watching)
        report.tracks, report.intervals = tracks.all(), intervals.all()
        return report

    def _report(self, info: VideoInfo, film: FilmOptions) -> Report:
        def placed(point: Point) -> Point:
            return point[0] * info.width_px, point[1] * info.height_px

        lines = [Line(name, placed(start), placed(end)) for name, start, end in film.lines]
        lost = self._settings.lost_seconds
        zones = [Zone(name, [placed(corner) for corner in corners], lost) for name, corners in film.zones]
        return Report(info, lines=lines, zones=zones)

    def _follower(self, info: VideoInfo, min_score: float, every_seconds: float) -> Follower:
        rate = info.frames_per_second or 25.0
        if every_seconds > 0:
            rate = min(rate, 1 / every_seconds)
        return Follower.start(min_score, self._settings.lost_seconds, self._settings.least_frames, rate)

    def _looked_at(
        self, video: Video, detector: Detector, options: DetectOptions, film: FilmOptions, every_seconds: float
    ) -> Generator[tuple[float, list[DetectedObject]], None, None]:
        """Send frames through the model, as many at once as there are sessions, and give them out in their order."""
        low = replace(options, min_score=min(LOW_SCORE, detector.min_score(options)))
        on_their_way: deque[tuple[float, Future[list[DetectedObject]]]] = deque()
        frames = video.frames(
            every_seconds=every_seconds, start_seconds=film.start_seconds, end_seconds=film.end_seconds
        )
        try:
            for frame in frames:
                on_their_way.append((frame.seconds, self._looking.submit(detector.detect, _image(frame), low)))
                if len(on_their_way) >= self._sessions:
                    seconds, objects = on_their_way.popleft()
                    yield seconds, objects.result()
            while on_their_way:
                seconds, objects = on_their_way.popleft()
                yield seconds, objects.result()
        finally:
            for _, objects in on_their_way:
                objects.cancel()


def _tell(frame: SeenFrame | None, watching: list[Callable[[SeenFrame], None]]) -> None:
    if frame is not None:
        for take in watching:
            take(frame)


def _interval_seconds(info: VideoInfo, film: FilmOptions) -> float:
    if film.interval_seconds is not None:
        return film.interval_seconds
    return max(_LEAST_INTERVAL_SECONDS, math.ceil(info.duration_seconds / _MAX_INTERVALS))


def _image(frame: Frame) -> Image:
    height, width = frame.pixels.shape[:2]
    return Image(frame.pixels, width, height, ImageFormat.PNG)
