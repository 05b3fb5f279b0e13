"""The queue of the object service: which kinds of job it does, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.media.sources import PictureSource, VideoSource, is_video
from sightline.common.worker import Handler, Task
from sightline.object.pipeline import ObjectPipeline
from sightline.v1.job_pb2 import JobResult, JobSpec
from sightline.v1.object_pb2 import DetectObjectsOptions

QUEUE = "object"


class ObjectTasks:
    """Translates tasks for the pipeline."""

    def __init__(self, pipeline: ObjectPipeline, pictures: PictureSource, films: VideoSource) -> None:
        self._pipeline = pipeline
        self._pictures = pictures
        self._films = films

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers by the kind of job, as in JobSpec."""
        return {"detect_objects": self.detect_objects, "segment": self.segment}

    async def detect_objects(self, task: Task) -> Sequence[bytes]:
        """Find the objects in a picture, one result; or follow those of a film, one result in parts."""
        options = JobSpec.FromString(task.claim.spec).detect_objects
        if is_video(task.claim):
            return await self._detect_in_film(task, options)
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        result = await self._pipeline.detect(data, options)
        return [JobResult(detect_objects=result).SerializeToString()]

    async def _detect_in_film(self, task: Task, options: DetectObjectsOptions) -> Sequence[bytes]:
        async with self._films.of_task(task.claim) as path:
            parts = await self._pipeline.detect_in_film(path, options, task)
        return [JobResult(detect_objects_video=part).SerializeToString() for part in parts]

    async def segment(self, task: Task) -> Sequence[bytes]:
        """Find the outlines and sizes of the objects in a picture; one result."""
        options = JobSpec.FromString(task.claim.spec).segment
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        result = await self._pipeline.segment(data, options)
        return [JobResult(segment=result).SerializeToString()]
