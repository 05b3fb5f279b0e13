"""Films from a file to a report: real frames, real models, and a story of which everything is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from face_films import write_film

from sightline.common.errors import InvalidRequest, Reason, SightlineError
from sightline.common.media import decode_image
from sightline.common.media.looking import CheckpointUnknownError
from sightline.common.media.video import Video
from sightline.common.models import MatchThresholds, ModelStore
from sightline.common.settings import MediaLimits
from sightline.face.analysis import DetectOptions, FaceAnalyzer
from sightline.face.film import FilmAnalyzer, FilmOptions, Report
from sightline.face.film_messages import film_options, parts
from sightline.face.film_state import FilmState, dump, restore
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings, FilmSettings
from sightline.face.track import Track
from sightline.face.tracking import Follower
from sightline.v1.face_pb2 import DetectFacesVideoResult, FaceVideoOptions

THRESHOLDS = MatchThresholds(ordinary=0.4, strict=0.6)


@pytest.fixture(scope="module")
def story(model_store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Video]:
    path = write_film(tmp_path_factory.mktemp("films") / "story.mp4", model_store.path("solvay-1927"))
    with Video.open(path, MediaLimits()) as video:
        yield video


@pytest.fixture(scope="module")
def small_analyzer(model_store: ModelStore) -> FaceAnalyzer:
    """Looks at frames at half the usual size, which is a quarter of the work, and the faces are large enough."""
    settings = FaceModelSettings(input_side_px=320, near_side_px=0)
    detector, embedder = model_store.entry(settings.detector), model_store.entry(settings.embedder)
    model = FaceModel(model_store.path(settings.detector), model_store.path(settings.embedder), settings)
    return FaceAnalyzer(model, settings, detector, embedder)


@pytest.fixture(scope="module")
def films(small_analyzer: FaceAnalyzer) -> Iterator[Callable[..., FilmAnalyzer]]:
    with ThreadPoolExecutor(2) as threads:

        def make(**changes: float) -> FilmAnalyzer:
            settings = FilmSettings.model_validate(changes)
            return FilmAnalyzer(small_analyzer, settings, threads, sessions=2)

        yield make


@pytest.fixture(scope="module")
def report(films: Callable[..., FilmAnalyzer], story: Video) -> Report:
    return films().analyse(story, DetectOptions(), FilmOptions())


def told(report: Report, analyzer: FaceAnalyzer, most_bytes: int = 10**6) -> list[DetectFacesVideoResult]:
    return parts(report, analyzer.detector, analyzer.embedder, embeddings=True, most_bytes=most_bytes)


def test_a_story_is_told_as_it_was(report: Report) -> None:
    assert report.frame_count == 85
    seen = [(track.scene, round(track.first_seconds, 1), round(track.last_seconds, 1)) for track in report.tracks]
    assert sorted(seen) == [
        (1, 0.0, 5.8), (1, 0.0, 5.8), (2, 6.0, 7.8), (2, 6.0, 13.8), (2, 7.0, 12.8), (2, 12.0, 13.8), (3, 14.0, 16.8),
    ]  # fmt: skip
    spans = [[(round(start, 1), round(end, 1)) for start, end in one.ranges(0.2)] for one in report.people]
    einstein, curie, langevin, lorentz = spans
    assert einstein == [(0.0, 14.0)]
    assert curie == [(0.0, 6.0), (14.0, 17.0)]
    assert langevin == [(7.0, 13.0)]
    assert lorentz == [(6.0, 8.0), (12.0, 14.0)]


def test_a_crossing_does_not_change_who_is_who(report: Report) -> None:
    walking = [track for track in report.tracks if track.scene == 1]
    left, right = sorted(walking, key=lambda track: track.sighting(0).box[0])
    assert left.sighting(-1).box[0] > right.sighting(-1).box[0] + 300
    # Who walks behind is hidden in the middle, and known again when coming out.
    assert 20 <= len(left) < len(right) == 30


def test_the_best_shots_are_small_jpegs_of_sharp_faces(report: Report) -> None:
    for track in report.tracks:
        picture = decode_image(track.shot, MediaLimits())
        assert track.shot.startswith(b"\xff\xd8")
        assert 60 <= max(picture.width_px, picture.height_px) <= 256
        assert track.best.quality is not None
        assert track.best.quality.score > 0.7


@pytest.fixture(scope="module")
def kept(films: Callable[..., FilmAnalyzer], story: Video) -> list[bytes]:
    """A checkpoint after every frame of one attempt."""
    states: list[bytes] = []
    films().analyse(story, DetectOptions(), FilmOptions(), save=lambda state: states.append(state()))
    return states


@pytest.mark.parametrize("share", [0.0, 0.35, 0.5, 0.8, 1.0])
def test_an_attempt_that_breaks_off_is_gone_on_with_as_if_nothing_had_been(
    share: float,
    kept: list[bytes],
    films: Callable[..., FilmAnalyzer],
    story: Video,
    report: Report,
    small_analyzer: FaceAnalyzer,
) -> None:
    earlier = kept[round(share * (len(kept) - 1))]
    shares: list[float] = []
    resumed = films().analyse(story, DetectOptions(), FilmOptions(), earlier=earlier, on_progress=shares.append)
    assert told(resumed, small_analyzer) == told(report, small_analyzer)
    assert len(shares) < 85
    assert all(one > share - 0.2 for one in shares)
    assert len(earlier) < 200_000


def test_work_that_is_no_longer_wanted_ends(films: Callable[..., FilmAnalyzer], story: Video) -> None:
    shares: list[float] = []

    def lost(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            raise SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's")

    with pytest.raises(SightlineError) as ended:
        films().analyse(story, DetectOptions(), FilmOptions(), on_progress=lost)
    assert ended.value.reason is Reason.LEASE_LOST
    assert shares == sorted(shares)


def test_every_frame_of_a_part_is_looked_at_and_gone_on_with(
    films: Callable[..., FilmAnalyzer], story: Video, small_analyzer: FaceAnalyzer
) -> None:
    options = FilmOptions(every_seconds=0.0, start_seconds=7.4, end_seconds=9.0)
    kept: list[bytes] = []
    whole = films().analyse(story, DetectOptions(), options, save=lambda state: kept.append(state()))
    assert whole.frame_count == 16
    assert [round(track.first_seconds, 1) for track in whole.tracks] == [7.4, 7.4, 7.4]
    resumed = films().analyse(story, DetectOptions(), options, earlier=kept[len(kept) // 2])
    assert told(resumed, small_analyzer) == told(whole, small_analyzer)


def test_a_checkpoint_of_another_model_or_of_no_kind_is_not_gone_on_from(films: Callable[..., FilmAnalyzer]) -> None:
    settings, thresholds = FilmSettings(), films()._analyzer.thresholds
    state = FilmState(Follower(settings, thresholds, 0.2))
    data = dump(state, ["one", "other"])
    restore(data, ["one", "other"], FilmState(Follower(settings, thresholds, 0.2)))
    for wrong, models in ((data, ["one", "another"]), (b"", ["one", "other"]), (data[:200], ["one", "other"])):
        with pytest.raises(CheckpointUnknownError):
            restore(wrong, models, FilmState(Follower(settings, thresholds, 0.2)))


def test_a_film_begins_anew_where_its_checkpoint_is_not_known(films: Callable[..., FilmAnalyzer], story: Video) -> None:
    options = FilmOptions(every_seconds=1.0, end_seconds=3.0)
    assert films().analyse(story, DetectOptions(), options, earlier=b"of a version to come").frame_count == 3


def test_pictures_that_are_seconds_apart_count_with_one_sighting(
    films: Callable[..., FilmAnalyzer], story: Video
) -> None:
    sparse = films().analyse(story, DetectOptions(), FilmOptions(every_seconds=7.0))
    assert sparse.frame_count == 3
    assert [len(person.tracks) for person in sparse.people] == [2, 2, 1, 1]


def test_people_are_told_apart_as_strictly_as_the_caller_wants(
    films: Callable[..., FilmAnalyzer], story: Video
) -> None:
    options = FilmOptions(every_seconds=1.0, min_similarity=1.0)
    strict = films().analyse(story, DetectOptions(), options)
    assert len(strict.people) == len(strict.tracks)


def test_a_long_result_is_told_in_parts_that_merge_into_one(report: Report, small_analyzer: FaceAnalyzer) -> None:
    (whole,) = told(report, small_analyzer)
    pieces = told(report, small_analyzer, 12_000)
    assert len(pieces) == pieces[0].part_count > 3
    assert all(piece.people == whole.people and not piece.tracks for piece in pieces[:1])
    merged = DetectFacesVideoResult()
    for piece in pieces:
        merged.MergeFrom(piece)
    merged.part_count = 1
    assert merged == whole
    assert [cluster.id for cluster in whole.people] == [1, 2, 3, 4]
    for cluster in whole.people:
        mine = [track for track in whole.tracks if track.person_id == cluster.id]
        assert [track.id for track in mine] == list(cluster.track_ids)
        assert cluster.best_track_id in cluster.track_ids
        assert len(cluster.embedding.values) == 512
    assert all(track.best.quality.score > 0.5 and len(track.best.embedding.values) == 512 for track in whole.tracks)
    assert max(track.range.end.ToMilliseconds() for track in whole.tracks) == 17_000


def test_embeddings_are_told_only_where_they_are_asked_for(report: Report, small_analyzer: FaceAnalyzer) -> None:
    (whole,) = parts(report, small_analyzer.detector, small_analyzer.embedder, embeddings=False, most_bytes=10**6)
    assert not any(cluster.HasField("embedding") for cluster in whole.people)
    assert not any(track.best.HasField("embedding") for track in whole.tracks)
    assert (whole.detector.name, whole.embedder.name) == ("scrfd-2.5g", "faceplugin-512")


def test_the_shots_of_the_worst_faces_are_dropped_where_all_take_too_much_room(report: Report) -> None:
    def score(track: Track) -> float:
        assert track.best.quality is not None
        return track.best.quality.score

    state = FilmState(Follower(FilmSettings(), THRESHOLDS, 0.2))
    tracks = list(report.tracks)
    sizes = {track.number: len(track.shot) for track in tracks}
    shots = {track.number: track.shot for track in tracks}
    state.end(tracks, sum(sizes.values()) - 1)
    kept = [track for track in tracks if track.shot]
    assert 0 < len(kept) < len(tracks)
    assert min(map(score, kept)) >= max(score(track) for track in tracks if not track.shot)
    for track in tracks:
        track.shot = shots[track.number]


def test_a_range_without_a_length_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        FilmOptions(start_seconds=2.0, end_seconds=2.0)


def test_unset_options_leave_the_choice_to_the_service() -> None:
    unset = film_options(FaceVideoOptions())
    assert (unset.every_seconds, unset.min_similarity, unset.end_seconds) == (None, None, math.inf)
    message = FaceVideoOptions(min_similarity=0.0)
    message.every.FromMilliseconds(0)
    assert (film_options(message).every_seconds, film_options(message).min_similarity) == (0.0, 0.0)
