"""The face service: answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

from importlib.metadata import version

from sightline.common.media.sources import PictureSource, VideoSource
from sightline.common.models import ModelStore
from sightline.common.rpc import RpcServer
from sightline.common.serving import Ground, Parts, serve
from sightline.common.settings import load
from sightline.common.worker.child import Nursery
from sightline.common.worker.child.films import ChildVideos
from sightline.face.analysis import FaceAnalyzer
from sightline.face.attributes import AttributeModel
from sightline.face.film import FilmAnalyzer
from sightline.face.model import FaceModel
from sightline.face.pipeline import FacePipeline
from sightline.face.servicer import FaceServicer
from sightline.face.settings import FaceSettings
from sightline.face.worker import QUEUE, FaceTasks
from sightline.v1.face_service_pb2_grpc import add_FaceServiceServicer_to_server


def main() -> None:
    """Run the service."""
    serve("face", version("sightline-face"), load(FaceSettings), build)


def build(ground: Ground, settings: FaceSettings) -> Parts:
    """Build what is this service's own."""
    threads = ground.threads(settings.face.sessions, "analysis")
    analyzer = load_analyzer(settings)
    nursery = Nursery(settings.child)
    ground.stack.callback(nursery.close)
    pipeline = FacePipeline(
        analyzer,
        FilmAnalyzer(
            analyzer,
            settings.film,
            settings.media,
            threads,
            settings.face.sessions,
            opening=ChildVideos(nursery).open,
        ),
        settings.media,
        threads=threads,
        film_threads=ground.threads(settings.worker.slots, "films"),
        part_bytes=settings.film.result_bytes,
        checkpoint_seconds=settings.film.checkpoint_seconds,
        metrics=ground.metrics,
    )
    pictures = PictureSource(ground.files, ground.blobs, settings.media)

    tasks = FaceTasks(pipeline, pictures, VideoSource(ground.blobs, settings.media))

    def add_methods(server: RpcServer) -> None:
        server.add(add_FaceServiceServicer_to_server, FaceServicer(pipeline, pictures))

    return Parts(QUEUE, tasks.handlers(), add_methods)


def load_analyzer(settings: FaceSettings) -> FaceAnalyzer:
    """Load the models; refuses to start without them, since an answer without a model would be a lie."""
    store, face = ModelStore(settings.models), settings.face
    model = FaceModel(store.path(face.detector), store.path(face.embedder), face)
    attributes = AttributeModel(store.path(face.attributes), store.entry(face.attributes)) if face.attributes else None
    return FaceAnalyzer(model, face, store.entry(face.detector), store.entry(face.embedder), attributes)


if __name__ == "__main__":
    main()
