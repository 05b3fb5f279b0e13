"""What is in a film: frames through a model, objects followed, and everything counted on the way."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field, replace

import structlog

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.media.looking import (
    APART_SECONDS,
    Raster,
    frames_after,
    looked_at,
    range_violations,
    spacing_seconds,
)
from sightline.common.media.video import Film, VideoInfo
from sightline.object.counting import Interval, Intervals, Track, Tracks
from sightline.object.detector import Detector
from sightline.object.film_state import FilmState, dump, restore
from sightline.object.options import DetectOptions
from sightline.object.places import Line, Point, Zone
from sightline.object.settings import FilmSettings
from sightline.object.tracking import LOW_SCORE, Follower, SeenFrame

log = structlog.get_logger()

_MAX_INTERVALS = 1000
_LEAST_INTERVAL_SECONDS = 1.0
# Frames a second of a film that does not tell, where every frame is looked at.
_RATE = 25.0


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
        wrong += range_violations(self.start_seconds, self.end_seconds)
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

    def __init__(self, settings: FilmSettings, looking: Executor, sessions: int) -> None:
        """Take what films share.

        Args:
            settings: how films are looked at.
            looking: where frames go through the model.
            sessions: how many frames of a film are on their way at once.
        """
        self._settings = settings
        self._looking = looking
        self._sessions = sessions

    def analyse(
        self,
        video: Film,
        detector: Detector,
        options: DetectOptions,
        film: FilmOptions,
        *,
        earlier: bytes | None = None,
        on_frame: Callable[[SeenFrame], None] = lambda frame: None,
        on_progress: Callable[[float], None] = lambda share: None,
        save: Callable[[Callable[[], bytes]], None] = lambda state: None,
    ) -> Report:
        """Look at a film from `start_seconds` to `end_seconds`.

        Args:
            video: the film.
            detector: the model that finds objects.
            options: how objects are found in a frame; `min_score` is that of an object that begins a track.
            film: which frames, and what is counted.
            earlier: a checkpoint of an attempt that broke off, of the same film, model and options; what it knew is
                not looked at again.
            on_frame: is given every frame that was looked at, in order, with its tracks.
            on_progress: is told the share that is done, 0 to 1; what it raises ends the work.
            save: is asked after each frame whether it is time to store how far the work is, with what writes that; what
                it raises ends the work.

        Raises:
            MediaRejected: the film is refused or does not decode.
            InvalidRequest: an unknown class, or an image size that the model does not take.
            SightlineError: OVERLOADED where every session is busy for too long.
            CheckpointUnknownError: `earlier` is of another version or model; nothing was done.
        """
        detector.class_indices(options.classes)  # a class that is not known is refused before any frame is read
        every_seconds = self._settings.every_seconds if film.every_seconds is None else film.every_seconds
        state = self._begin(video.info, detector.min_score(options), film, every_seconds)
        models = [detector.identity.name, detector.identity.sha256]
        if earlier is not None:
            restore(earlier, models, state)
            log.info("film_goes_on", seconds=state.seconds)
        watching = [state.tracks.take, state.intervals.take, on_frame]
        watching += [*(line.take for line in state.lines), *(zone.take for zone in state.zones)]
        low = replace(options, min_score=min(LOW_SCORE, detector.min_score(options)))
        raster = Raster(every_seconds, film.start_seconds, film.end_seconds)
        looking = looked_at(
            frames_after(video, raster, state.seconds),
            lambda image: self._looking.submit(detector.detect, image, low),
            self._sessions,
        )
        with closing(looking) as seen:
            for frame, objects in seen:
                _tell(state.follower.follow(objects, frame.seconds), watching)
                state.frame_count, state.seconds = state.frame_count + 1, frame.seconds
                on_progress(raster.share(frame.seconds, video.info.duration_seconds))
                save(lambda: dump(state, models))
        _tell(state.follower.end(), watching)
        return Report(
            video.info, state.frame_count, state.tracks.all(), state.intervals.all(), state.lines, state.zones
        )

    def _begin(self, info: VideoInfo, min_score: float, film: FilmOptions, every_seconds: float) -> FilmState:
        def placed(point: Point) -> Point:
            return point[0] * info.width_px, point[1] * info.height_px

        own, spacing = self._settings, spacing_seconds(info, every_seconds)
        # Who is in every frame is never lost, however far apart they are.
        lost_seconds = max(own.lost_seconds, 1.5 * spacing)
        least_frames = own.least_frames if spacing < APART_SECONDS else 1
        return FilmState(
            Follower.start(min_score, lost_seconds, least_frames, 1 / spacing if spacing else _RATE),
            Tracks(),
            Intervals(_interval_seconds(info, film)),
            [Line(name, placed(start), placed(end)) for name, start, end in film.lines],
            [Zone(name, [placed(corner) for corner in corners], lost_seconds) for name, corners in film.zones],
        )


def _tell(frame: SeenFrame | None, watching: list[Callable[[SeenFrame], None]]) -> None:
    if frame is not None:
        for take in watching:
            take(frame)


def _interval_seconds(info: VideoInfo, film: FilmOptions) -> float:
    if film.interval_seconds is not None:
        return film.interval_seconds
    return max(_LEAST_INTERVAL_SECONDS, math.ceil(info.duration_seconds / _MAX_INTERVALS))
