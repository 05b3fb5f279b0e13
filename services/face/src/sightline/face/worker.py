"""The queue of the face service: which kinds of job it does, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.media.sources import PictureSource, VideoSource, is_video
from sightline.common.worker import Handler, Task
from sightline.face.pipeline import FacePipeline
from sightline.v1.face_pb2 import DetectFacesOptions
from sightline.v1.job_pb2 import JobResult, JobSpec

QUEUE = "face"


class FaceTasks:
    """Translates tasks for the pipeline."""

    def __init__(self, pipeline: FacePipeline, pictures: PictureSource, films: VideoSource) -> None:
        self._pipeline = pipeline
        self._pictures = pictures
        self._films = films

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers by the kind of job, as in JobSpec."""
        return {"detect_faces": self.detect_faces}

    async def detect_faces(self, task: Task) -> Sequence[bytes]:
        """Find the faces in a picture, one result; or follow those of a film, one result in parts."""
        options = JobSpec.FromString(task.claim.spec).detect_faces
        if is_video(task.claim):
            return await self._detect_in_film(task, options)
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        result = await self._pipeline.detect(data, options)
        return [JobResult(detect_faces=result).SerializeToString()]

    async def _detect_in_film(self, task: Task, options: DetectFacesOptions) -> Sequence[bytes]:
        async with self._films.of_task(task.claim) as path:
            parts = await self._pipeline.detect_in_film(path, options, task)
        return [JobResult(detect_faces_video=part).SerializeToString() for part in parts]
