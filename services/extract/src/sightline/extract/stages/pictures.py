"""Jobs about one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.media.sources import PictureSource, is_video
from sightline.common.worker import Handler, Outcome, Task
from sightline.extract.reading import PictureText
from sightline.v1.job_pb2 import JobResult, JobSpec


class Pictures:
    """The one stage of a job about a picture."""

    def __init__(self, text: PictureText, pictures: PictureSource, plan_film: Handler) -> None:
        """Take what the stage needs.

        Args:
            text: reads pictures.
            pictures: where they come from.
            plan_film: plans the work where the media is a film after all.
        """
        self._text = text
        self._pictures = pictures
        self._plan_film = plan_film

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {("extract_text", ""): self.text}

    async def text(self, task: Task) -> Sequence[bytes] | Outcome:
        """Read the text of a picture, one result; or plan the work on a film."""
        if is_video(task.claim):
            return await self._plan_film(task)
        options = JobSpec.FromString(task.claim.spec).extract_text
        data = await self._pictures.of_task(task.claim)
        task.advance(0.1)
        return [JobResult(extract_text=await self._text.result(data, options)).SerializeToString()]
