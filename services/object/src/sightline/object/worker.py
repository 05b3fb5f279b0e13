"""The queue of the object service: which kinds of job it does, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.media.sources import PictureSource
from sightline.common.worker import Handler, Task
from sightline.object.pipeline import ObjectPipeline
from sightline.v1.job_pb2 import JobResult, JobSpec

QUEUE = "object"


class ObjectTasks:
    """Translates tasks for the pipeline."""

    def __init__(self, pipeline: ObjectPipeline, pictures: PictureSource) -> None:
        self._pipeline = pipeline
        self._pictures = pictures

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers by the kind of job, as in JobSpec."""
        return {"detect_objects": self.detect_objects, "segment": self.segment}

    async def detect_objects(self, task: Task) -> Sequence[bytes]:
        """Find the objects in a picture; one result."""
        options = JobSpec.FromString(task.claim.spec).detect_objects
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        result = await self._pipeline.detect(data, options)
        return [JobResult(detect_objects=result).SerializeToString()]

    async def segment(self, task: Task) -> Sequence[bytes]:
        """Find the outlines and sizes of the objects in a picture; one result."""
        options = JobSpec.FromString(task.claim.spec).segment
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        result = await self._pipeline.segment(data, options)
        return [JobResult(segment=result).SerializeToString()]
