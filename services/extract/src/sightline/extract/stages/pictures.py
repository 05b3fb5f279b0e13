"""Jobs about one picture."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.media.sources import PictureSource
from sightline.common.worker import Task
from sightline.extract.reading import PictureText
from sightline.v1.job_pb2 import JobResult, JobSpec


class Pictures:
    """The one stage of a job about a picture."""

    def __init__(self, text: PictureText, pictures: PictureSource) -> None:
        self._text = text
        self._pictures = pictures

    async def text(self, task: Task) -> Sequence[bytes]:
        """Read the text of a picture; one result."""
        options = JobSpec.FromString(task.claim.spec).extract_text
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        return [JobResult(extract_text=await self._text.result(data, options)).SerializeToString()]
