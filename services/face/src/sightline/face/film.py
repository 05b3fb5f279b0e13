"""Who is seen in a film: faces of frames, followed over time, and put together into people."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.media import Image, ImageFormat
from sightline.common.media.video import Film, Frame, Opening, VideoInfo, open_here
from sightline.common.settings import MediaLimits
from sightline.face.analysis import DetectOptions, Face, FaceAnalyzer
from sightline.face.film_state import CheckpointUnknownError, FilmState, dump, restore
from sightline.face.grouping import Person, people_of
from sightline.face.looking import Look
from sightline.face.scenes import is_cut, reduced
from sightline.face.settings import FilmSettings
from sightline.face.tracking import Follower, Track

log = structlog.get_logger()

# Frames that are further apart than this are pictures of their own: a face that is in one of them only counts.
_APART_SECONDS = 1.0
# Where frames have no regular distance, the next one after a given one is at least so much later.
_NEXT_SECONDS = 2e-3


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """How a film is looked at.

    Attributes:
        every_seconds: time between two frames that are looked at; 0 for every frame, None for the setting.
        start_seconds: where to begin.
        end_seconds: where to end; infinity for the end of the film.
        min_similarity: least cosine of two tracks of one person; None for the model's own.

    Raises:
        InvalidRequest: the end is not after the start.
    """

    every_seconds: float | None = None
    start_seconds: float = 0.0
    end_seconds: float = math.inf
    min_similarity: float | None = None

    def __post_init__(self) -> None:
        if self.end_seconds <= self.start_seconds:
            wrong = [FieldViolation("options.video.end", "must be after the start")]
            raise InvalidRequest("the options of the video are out of range", wrong)


@dataclass(frozen=True, slots=True)
class Report:
    """Who was seen in a film.

    Attributes:
        info: what the film's header says.
        frame_count: how many frames were looked at.
        spacing_seconds: how long each sighting stands for.
        size: width and height that boxes are in.
        people: those who are seen longest first.
        tracks: in the order of their start.
    """

    info: VideoInfo
    frame_count: int
    spacing_seconds: float
    size: tuple[int, int]
    people: list[Person] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)


class FilmAnalyzer:
    """Looks at films; each call reads one, and the frames of all share the model's sessions."""

    def __init__(
        self,
        analyzer: FaceAnalyzer,
        settings: FilmSettings,
        limits: MediaLimits,
        looking: Executor,
        sessions: int,
        *,
        opening: Opening = open_here,
    ) -> None:
        """Take what films share.

        Args:
            analyzer: finds and embeds faces.
            settings: how films are looked at.
            limits: which films are refused.
            looking: where frames go through the model.
            sessions: how many frames of a film are on their way at once.
            opening: opens films.
        """
        self._analyzer = analyzer
        self._settings = settings
        self._limits = limits
        self._looking = looking
        self._sessions = sessions
        self._opening = opening
        self._teller = analyzer.attributes.entry if analyzer.attributes else None
        self._models = [analyzer.detector.sha256, analyzer.embedder.sha256, self._teller.sha256 if self._teller else ""]

    def analyse(
        self,
        path: Path,
        options: DetectOptions,
        film: FilmOptions,
        *,
        earlier: bytes | None = None,
        on_progress: Callable[[float], None] = lambda share: None,
        save: Callable[[Callable[[], bytes]], None] = lambda state: None,
    ) -> Report:
        """Look at a film from `start_seconds` to `end_seconds`.

        Args:
            path: the film.
            options: how faces are found in a frame.
            film: which frames, and who is taken for one person.
            earlier: the last checkpoint of an attempt that broke off; what it knew is not looked at again.
            on_progress: is told the share that is done, 0 to 1; what it raises ends the work.
            save: is asked after each frame whether it is time to store how far the work is, with what writes that; what
                it raises ends the work.

        Raises:
            MediaRejected: the film is refused or does not decode.
            SightlineError: OVERLOADED where every session is busy for too long.
        """

        def wanted() -> bool:
            on_progress(0.0)  # a task that was lost says so by raising
            return True

        with self._opening(path, self._limits, wanted) as video:
            every_seconds = self._settings.every_seconds if film.every_seconds is None else film.every_seconds
            spacing_seconds = max(
                every_seconds, 1 / video.info.frames_per_second if video.info.frames_per_second else 0
            )
            state = self._begin(earlier, spacing_seconds)
            last_seconds = min(film.end_seconds, video.info.duration_seconds or math.inf)
            frames = self._looked_at(video, options, film, every_seconds, state)
            with closing(frames):
                for look in frames:
                    self._take(state, look)
                    on_progress(min(1.0, (look.seconds - film.start_seconds) / (last_seconds - film.start_seconds)))
                    save(lambda: dump(state, self._models))
            return self._report(video.info, state, film, spacing_seconds)

    def _begin(self, earlier: bytes | None, spacing_seconds: float) -> FilmState:
        state = FilmState(Follower(self._settings, self._analyzer.thresholds, spacing_seconds))
        if earlier is not None:
            try:
                restore(earlier, self._models, state, self._teller)
            except CheckpointUnknownError as error:
                log.warning("film_begins_anew", reason=str(error))
        return state

    def _take(self, state: FilmState, look: Look) -> None:
        small = reduced(look.image.pixels)
        if state.small is not None and is_cut(state.small, small):
            state.end(state.follower.cut(), self._settings.shots_bytes)
        state.end(state.follower.follow(look), self._settings.shots_bytes)
        state.small, state.seconds = small, look.seconds
        state.size = (look.image.width_px, look.image.height_px)
        state.frame_count += 1

    def _looked_at(
        self, video: Film, options: DetectOptions, film: FilmOptions, every_seconds: float, state: FilmState
    ) -> Generator[Look, None, None]:
        """Send frames through the model, as many at once as there are sessions, and give them out in their order."""
        on_their_way: deque[tuple[Frame, Future[list[Face]]]] = deque()
        done_seconds, start_seconds = state.seconds, film.start_seconds
        if done_seconds >= 0:
            start_seconds = _next_seconds(done_seconds, film.start_seconds, every_seconds)
        if start_seconds >= film.end_seconds:
            return
        frames = video.frames(every_seconds=every_seconds, start_seconds=start_seconds, end_seconds=film.end_seconds)
        try:
            for frame in frames:
                if frame.seconds <= done_seconds:
                    continue
                looking = self._looking.submit(self._analyzer.detect, _image(frame), options)
                on_their_way.append((frame, looking))
                if len(on_their_way) >= self._sessions:
                    yield self._look(*on_their_way.popleft())
            while on_their_way:
                yield self._look(*on_their_way.popleft())
        finally:
            for _, looking in on_their_way:
                looking.cancel()

    def _look(self, frame: Frame, looking: Future[list[Face]]) -> Look:
        return Look(frame.seconds, _image(frame), looking.result(), self._analyzer, self._settings.shot_side_px)

    def _report(self, info: VideoInfo, state: FilmState, film: FilmOptions, spacing_seconds: float) -> Report:
        least = self._settings.least_frames if spacing_seconds < _APART_SECONDS else 1
        tracks = [track for track in (*state.ended, *state.follower.tracks) if len(track) >= least]
        tracks.sort(key=lambda track: (track.first_seconds, track.number))
        for number, track in enumerate(tracks, start=1):
            track.number = number
        people = people_of(tracks, self._analyzer.thresholds, film.min_similarity, spacing_seconds)
        size = state.size if state.frame_count else (info.width_px, info.height_px)
        return Report(info, state.frame_count, spacing_seconds, size, people, tracks)


def _next_seconds(done_seconds: float, start_seconds: float, every_seconds: float) -> float:
    """Say when the frame after a given one is wanted, on the raster of a film that is read without a break."""
    if every_seconds <= 0:
        return done_seconds + _NEXT_SECONDS
    steps = math.floor((done_seconds - start_seconds + _NEXT_SECONDS / 2) / every_seconds) + 1
    return start_seconds + steps * every_seconds


def _image(frame: Frame) -> Image:
    height, width = frame.pixels.shape[:2]
    return Image(frame.pixels, width, height, ImageFormat.PNG)
