"""The face service: answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

from sightline.common.models import ModelStore
from sightline.common.serving import Ground, Parts, serve
from sightline.common.settings import load
from sightline.common.worker.child.films import ChildVideos
from sightline.face.analysis import FaceAnalyzer
from sightline.face.attributes import AttributeModel
from sightline.face.film import FilmAnalyzer
from sightline.face.model import FaceModel
from sightline.face.pipeline import FacePipeline
from sightline.face.servicer import FaceServicer
from sightline.face.settings import FaceModelSettings, FaceSettings
from sightline.face.worker import QUEUE, FaceTasks
from sightline.v1.face_service_pb2_grpc import add_FaceServiceServicer_to_server


def main() -> None:
    """Run the service."""
    serve("face", load(FaceSettings), build)


def build(ground: Ground, settings: FaceSettings) -> Parts[FaceServicer]:
    """Build what is this service's own."""
    threads = ground.threads(settings.face.sessions, "analysis")
    analyzer = load_analyzer(ground.models, settings.face)
    pipeline = FacePipeline(
        analyzer,
        FilmAnalyzer(analyzer, settings.film, threads, settings.face.sessions),
        ChildVideos(ground.nursery(settings.child)).open,
        settings.media,
        threads=threads,
        film_threads=ground.threads(settings.worker.slots, "films"),
        part_bytes=settings.film.result_bytes,
        checkpoint_seconds=settings.film.checkpoint_seconds,
        metrics=ground.metrics,
    )
    tasks = FaceTasks(pipeline, ground.pictures, ground.films)
    servicer = FaceServicer(pipeline, ground.pictures)
    return Parts(QUEUE, tasks.handlers(), add_FaceServiceServicer_to_server, servicer)


def load_analyzer(store: ModelStore, settings: FaceModelSettings) -> FaceAnalyzer:
    """Load the models; refuses to start without them, since an answer without a model would be a lie.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where a file is missing, altered, or its licence is refused.
        ValueError: the embedder has no thresholds in the catalogue.
    """
    model = FaceModel(store.path(settings.detector), store.path(settings.embedder), settings)
    named = settings.attributes
    attributes = AttributeModel(store.path(named), store.entry(named)) if named else None
    return FaceAnalyzer(model, settings, store.entry(settings.detector), store.entry(settings.embedder), attributes)


if __name__ == "__main__":
    main()
