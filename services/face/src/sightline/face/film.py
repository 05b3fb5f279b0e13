"""Who is seen in a film: faces of frames, followed over time, and put together into people."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from sightline.common.errors import InvalidRequest
from sightline.common.media.looking import (
    APART_SECONDS,
    CheckpointUnknownError,
    Raster,
    frames_after,
    image_of,
    looked_at,
    range_violations,
    spacing_seconds,
)
from sightline.common.media.video import Film, Frame, VideoInfo
from sightline.face.analysis import DetectOptions, Face, FaceAnalyzer
from sightline.face.film_state import FilmState, dump, restore
from sightline.face.grouping import Person, people_of
from sightline.face.looking import Look
from sightline.face.scenes import is_cut, reduced
from sightline.face.settings import FilmSettings
from sightline.face.track import Track
from sightline.face.tracking import Follower

log = structlog.get_logger()


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
        wrong = range_violations(self.start_seconds, self.end_seconds)
        if wrong:
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

    def __init__(self, analyzer: FaceAnalyzer, settings: FilmSettings, looking: Executor, sessions: int) -> None:
        """Take what films share.

        Args:
            analyzer: finds and embeds faces.
            settings: how films are looked at.
            looking: where frames go through the model.
            sessions: how many frames of a film are on their way at once.
        """
        self._analyzer = analyzer
        self._settings = settings
        self._looking = looking
        self._sessions = sessions
        self._teller = analyzer.attributes.entry if analyzer.attributes else None
        self._models = [analyzer.detector.sha256, analyzer.embedder.sha256, self._teller.sha256 if self._teller else ""]

    def analyse(
        self,
        video: Film,
        options: DetectOptions,
        film: FilmOptions,
        *,
        earlier: bytes | None = None,
        on_progress: Callable[[float], None] = lambda share: None,
        save: Callable[[Callable[[], bytes]], None] = lambda state: None,
    ) -> Report:
        """Look at a film from `start_seconds` to `end_seconds`.

        Args:
            video: the film.
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
        every_seconds = self._settings.every_seconds if film.every_seconds is None else film.every_seconds
        spacing = spacing_seconds(video.info, every_seconds)
        state = self._begin(earlier, spacing)
        raster = Raster(every_seconds, film.start_seconds, film.end_seconds)
        looking = looked_at(
            frames_after(video, raster, state.seconds),
            lambda image: self._looking.submit(self._analyzer.detect, image, options),
            self._sessions,
        )
        with closing(looking) as seen:
            for frame, faces in seen:
                self._take(state, self._look(frame, faces))
                on_progress(raster.share(frame.seconds, video.info.duration_seconds))
                save(lambda: dump(state, self._models))
        return self._report(video.info, state, film, spacing)

    def _begin(self, earlier: bytes | None, spacing_seconds: float) -> FilmState:
        state = FilmState(Follower(self._settings, self._analyzer.thresholds, spacing_seconds))
        if earlier is not None:
            try:
                restore(earlier, self._models, state, self._teller)
            except CheckpointUnknownError as error:
                log.warning("film_begins_anew", reason=str(error))
        return state

    def _look(self, frame: Frame, faces: list[Face]) -> Look:
        return Look(frame.seconds, image_of(frame), faces, self._analyzer, self._settings.shot_side_px)

    def _take(self, state: FilmState, look: Look) -> None:
        small = reduced(look.image.pixels)
        if state.small is not None and is_cut(state.small, small):
            state.end(state.follower.cut(), self._settings.shots_bytes)
        state.end(state.follower.follow(look), self._settings.shots_bytes)
        state.small, state.seconds = small, look.seconds
        state.size = (look.image.width_px, look.image.height_px)
        state.frame_count += 1

    def _report(self, info: VideoInfo, state: FilmState, film: FilmOptions, spacing_seconds: float) -> Report:
        least = self._settings.least_frames if spacing_seconds < APART_SECONDS else 1
        tracks = [track for track in (*state.ended, *state.follower.tracks) if len(track) >= least]
        tracks.sort(key=lambda track: (track.first_seconds, track.number))
        for number, track in enumerate(tracks, start=1):
            track.number = number
        people = people_of(tracks, self._analyzer.thresholds, film.min_similarity, spacing_seconds)
        size = state.size if state.frame_count else (info.width_px, info.height_px)
        return Report(info, state.frame_count, spacing_seconds, size, people, tracks)
