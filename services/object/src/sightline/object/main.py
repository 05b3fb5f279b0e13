"""The object service: answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

from sightline.common.serving import Ground, Parts, serve
from sightline.common.settings import load
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
    serve("object", load(ObjectSettings), build)


def build(ground: Ground, settings: ObjectSettings) -> Parts[ObjectServicer]:
    """Build what is this service's own."""
    threads = ground.threads(settings.object.sessions, "analysis")
    pipeline = ObjectPipeline(
        load_analyzer(ground.models, settings.object),
        FilmAnalyzer(settings.film, threads, settings.object.sessions),
        ChildVideos(ground.nursery(settings.child)).open,
        settings.media,
        threads=threads,
        film_threads=ground.threads(settings.worker.slots, "films"),
        part_bytes=settings.film.result_bytes,
        checkpoint_seconds=settings.film.checkpoint_seconds,
        metrics=ground.metrics,
    )
    tasks = ObjectTasks(pipeline, ground.pictures, ground.films)
    servicer = ObjectServicer(pipeline, ground.pictures)
    return Parts(QUEUE, tasks.handlers(), add_ObjectServiceServicer_to_server, servicer)


if __name__ == "__main__":
    main()
