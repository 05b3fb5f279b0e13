"""What is done with the models' answers: which engine answers what, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.common.media import Image
from sightline.object.detector import DetectedObject, Detector
from sightline.object.identity import ModelIdentity
from sightline.object.options import DetectOptions, SegmentOptions, unknown_name
from sightline.object.segmentation import Segment, SegmentationEngine, segment


class ObjectAnalyzer:
    """Finds and segments objects with the engines that are loaded; safe to call from many threads."""

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        engines: Mapping[str, SegmentationEngine],
        *,
        default_detector: str,
        default_engine: str,
    ) -> None:
        """Take what is loaded.

        Args:
            detectors: what finds objects, by name.
            engines: what segments pictures, by name; a model may be in both.
            default_detector: who answers where no name is said.
            default_engine: likewise for segmentation.

        Raises:
            ValueError: a default is not among them.
        """
        for default, known in ((default_detector, detectors), (default_engine, engines)):
            if default not in known:
                raise ValueError(f"there is no model {default!r}; there are: {', '.join(known)}")
        self._detectors = detectors
        self._engines = engines
        self._default_detector = default_detector
        self._default_engine = default_engine

    def models(self) -> list[ModelIdentity]:
        """List what can be asked for, by name."""
        identities = [one.identity for one in self._detectors.values()]
        identities += [one.identity for one in self._engines.values()]
        return sorted({one.name: one for one in identities}.values(), key=lambda one: one.name)

    def detector(self, name: str) -> Detector:
        """Find a loaded model; the default for an empty name.

        Raises:
            InvalidRequest: none of them has this name; the message lists those that there are.
        """
        found = self._detectors.get(name or self._default_detector)
        if found is None:
            raise unknown_name("model", "model for detection", name, tuple(self._detectors))
        return found

    def engine(self, name: str) -> SegmentationEngine:
        """Find an engine of segmentation; the default for an empty name.

        Raises:
            InvalidRequest: none of them has this name; the message lists those that there are.
        """
        found = self._engines.get(name or self._default_engine)
        if found is None:
            raise unknown_name("model", "engine for segmentation", name, tuple(self._engines))
        return found

    def detect(self, image: Image, options: DetectOptions) -> list[DetectedObject]:
        """Find objects.

        Returns:
            The objects, the surest first; empty where there is none.

        Raises:
            InvalidRequest: an unknown model or class, or an image size that the model does not take.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        return self.detector(options.model).detect(image, options)

    def segment(self, image: Image, options: SegmentOptions) -> list[Segment]:
        """Find objects, their outlines and their sizes.

        Returns:
            The segments, the largest first; empty where there is none.

        Raises:
            InvalidRequest: an unknown engine or class.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        return segment(self.engine(options.model), image, options)
