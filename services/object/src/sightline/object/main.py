"""The object service: answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

from importlib.metadata import version

from sightline.common.media.sources import PictureSource, VideoSource
from sightline.common.models import ModelStore
from sightline.common.rpc import RpcServer
from sightline.common.serving import Ground, Parts, serve
from sightline.common.settings import load
from sightline.common.worker.child import Nursery
from sightline.common.worker.child.films import ChildVideos
from sightline.object.film import FilmAnalyzer
from sightline.object.loading import load_analyzer
from sightline.object.pipeline import ObjectPipeline
from sightline.object.servicer import ObjectServicer
from sightline.object.settings import ObjectSettings
from sightline.object.worker import QUEUE, ObjectTasks
from sightline.v1.object_service_pb2_grpc import add_ObjectServiceServicer_to_server


def main() -> None:
    """Run the service."""
    serve("object", version("sightline-object"), load(ObjectSettings), build)


def build(ground: Ground, settings: ObjectSettings) -> Parts:
    """Build what is this service's own."""
    sessions = settings.object.sessions
    threads = ground.threads(sessions, "analysis")
    nursery = Nursery(settings.child)
    ground.stack.callback(nursery.close)
    pipeline = ObjectPipeline(
        load_analyzer(ModelStore(settings.models), settings.object),
        FilmAnalyzer(settings.film, threads, sessions),
        ChildVideos(nursery).open,
        settings.media,
        threads=threads,
        film_threads=ground.threads(settings.worker.slots, "films"),
        part_bytes=settings.film.result_bytes,
        metrics=ground.metrics,
    )
    pictures = PictureSource(ground.files, ground.blobs, settings.media)
    tasks = ObjectTasks(pipeline, pictures, VideoSource(ground.blobs, settings.media))

    def add_methods(server: RpcServer) -> None:
        server.add(add_ObjectServiceServicer_to_server, ObjectServicer(pipeline, pictures))

    return Parts(QUEUE, tasks.handlers(), add_methods)


if __name__ == "__main__":
    main()
