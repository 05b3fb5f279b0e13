"""Jobs about the pictures that stand for a film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.common.media.outputs import Outputs
from sightline.common.media.saying import duration, image_size
from sightline.common.media.sources import VideoSource
from sightline.common.settings import MediaLimits
from sightline.common.worker import Handler, Task
from sightline.common.worker.child import Nursery
from sightline.extract import messages
from sightline.extract.films import write_keyframes
from sightline.v1.extract_pb2 import ExtractKeyframesResult, Keyframe
from sightline.v1.job_pb2 import JobResult, JobSpec

_MAX_COUNT = 20


class Keyframes:
    """The one stage of such a job."""

    def __init__(self, films: VideoSource, outputs: Outputs, nursery: Nursery, limits: MediaLimits) -> None:
        self._films = films
        self._outputs = outputs
        self._nursery = nursery
        self._limits = limits

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {("extract_keyframes", ""): self.find}

    async def find(self, task: Task) -> Sequence[bytes]:
        """Find the pictures and write them to files; one result."""
        options = JobSpec.FromString(task.claim.spec).extract_keyframes
        kind = messages.picture_type(options.image_format)
        count, side = options.max_count or _MAX_COUNT, options.max_side_px
        with TemporaryDirectory(prefix="sightline-") as folder:
            async with self._films.of_task(task.claim) as path:
                seconds, written = await self._nursery.run(
                    write_keyframes, path, self._limits, (count, side), Path(folder), kind, task=task
                )
            result = ExtractKeyframesResult(duration=duration(seconds))
            for picture in written:
                file = await self._outputs.keep(
                    task.claim, picture.path.name, kind.content_type, picture.path, size_px=picture.size_px
                )
                at, size = duration(picture.seconds), image_size(picture.size_px)
                result.keyframes.append(Keyframe(time=at, image=file, image_size=size))
        return [JobResult(extract_keyframes=result).SerializeToString()]
