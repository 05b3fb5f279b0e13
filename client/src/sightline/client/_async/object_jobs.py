"""Durable work about objects: the part of the jobs that is theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Unpack

from sightline.client.content import FileLike
from sightline.client.creating import Create, told
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.media_pb2 import Media
from sightline.v1.object_pb2 import DetectObjectsOptions, ObjectVideoOptions, SegmentOptions


class AsyncObjectJobs(ABC):
    """Create jobs that find, follow and segment objects. `create` is what every job can be told (`Create`)."""

    @abstractmethod
    async def _submit(
        self, source: FileLike | Media, spec: JobSpec, wait: bool, timeout: float | None, **create: Any
    ) -> Job:
        """Upload the source if need be, create the job, and wait for it if that is wanted."""

    async def detect_objects(
        self,
        source: FileLike | Media,
        *,
        model: str = "",
        min_score: float | None = None,
        max_overlap: float | None = None,
        classes: Iterable[str] = (),
        max_objects: int = 0,
        image_side_px: int = 0,
        video: ObjectVideoOptions | None = None,
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that finds the objects in a picture, or follows those of a video.

        The result of a picture is `detect_objects`; that of a video is `detect_objects_video`, in one or more
        results that are to be merged in their order (`MergeFrom`).

        Args:
            source: the path of a file, its bytes, a file that was opened to read bytes, media or its name.
            model: the name of a model; empty for the default.
            min_score: least score of an object that is returned, 0 to 1; None leaves it to the service.
            max_overlap: greatest overlap (intersection over union) of two objects of one class, 0 to 1.
            classes: names of the classes to return; none means all.
            max_objects: most objects of a picture or frame, the surest first; 0 leaves it to the service.
            image_side_px: longer side of the picture as the model sees it; 0 means the model's own.
            video: which frames of a video are looked at, and the lines and zones that are counted.
            create: how the job is created.

        Returns:
            The job; read what it found with `results`.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = DetectObjectsOptions(
            model=model,
            min_score=min_score,
            max_overlap=max_overlap,
            classes=classes,
            max_objects=max_objects,
            image_side_px=image_side_px,
            video=video,
        )
        return await self._submit(source, JobSpec(detect_objects=options), **told(create))

    async def segment(
        self,
        source: FileLike | Media,
        *,
        model: str = "",
        min_score: float | None = None,
        micrometres_per_px: float | None = None,
        classes: Iterable[str] = (),
        max_segments: int = 0,
        min_diameter_px: float | None = None,
        max_diameter_px: float | None = None,
        masks: bool = True,
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that segments a picture; what is segmented is said as in `objects.segment`.

        Args:
            source: the path of a file, its bytes, a file that was opened to read bytes, media or its name.
            model: the name of an engine; empty for the default.
            min_score: least score of a segment, 0 to 1, for engines that give one.
            micrometres_per_px: side of a pixel in micrometres; None gives sizes in pixels only.
            classes: names of the classes to return; none means all.
            max_segments: most segments returned, the largest first; 0 means all.
            min_diameter_px: least equivalent diameter in pixels; None leaves it to the engine.
            max_diameter_px: greatest equivalent diameter in pixels; None means no limit.
            masks: whether each segment carries its pixels, which takes space.
            create: how the job is created.

        Returns:
            The job; read what it found with `results`.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = SegmentOptions(
            model=model,
            min_score=min_score,
            micrometres_per_px=micrometres_per_px,
            classes=classes,
            max_segments=max_segments,
            min_diameter_px=min_diameter_px,
            max_diameter_px=max_diameter_px,
            omit_masks=not masks,
        )
        return await self._submit(source, JobSpec(segment=options), **told(create))
